// Before anything is drawn: the theme that this browser has chosen, where it has.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;

// Keys that are pressed before all other scripts are there are handed to them once they are.
const pressed = [];
const keep = (event) => {
  event.stopImmediatePropagation();
  pressed.push(event);
};
document.addEventListener("keydown", keep, true);
document.addEventListener("DOMContentLoaded", () => {
  document.removeEventListener("keydown", keep, true);
  for (const event of pressed) event.target.dispatchEvent(new KeyboardEvent("keydown", event));
});
