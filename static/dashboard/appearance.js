// The frames follow what is chosen, in both themes; a colour can be picked.

const form = document.getElementById("look");
const button = form.querySelector("[data-preview]");
button.hidden = true;

// Sent without an event of its own: the form itself is still to be saved.
const send = (frame) => {
  const before = [form.getAttribute("action") ?? "", form.target];
  form.setAttribute("action", `${button.formAction}?theme=${frame.dataset.theme}`);
  form.target = frame.name;
  HTMLFormElement.prototype.submit.call(form);
  form.setAttribute("action", before[0]);
  form.target = before[1];
};
// One after the other: a form that is sent anew forgets where it was going.
const [light, dark] = form.querySelectorAll("iframe");
const show = () => {
  light.onload = () => { light.onload = null; send(dark); };
  send(light);
};
let waiting;
const soon = () => { clearTimeout(waiting); waiting = setTimeout(show, 600); };

for (const text of form.querySelectorAll("[data-colour]")) {
  const picker = Object.assign(document.createElement("input"), { type: "color", value: text.value || text.placeholder, ariaLabel: text.labels[0]?.textContent.trim() ?? "" });
  const row = Object.assign(document.createElement("div"), { className: "colour" });
  text.replaceWith(row);
  row.append(text, picker);
  picker.addEventListener("input", () => { text.value = picker.value; soon(); });
  text.addEventListener("input", () => { if (/^#[0-9a-f]{6}$/i.test(text.value)) picker.value = text.value; });
}
form.addEventListener("input", soon);
show();
