// Single keys, and the palette that finds screens, incidents and components by name.

const palette = document.getElementById("palette");
const help = document.getElementById("keys");
const off = help?.querySelector("[data-keys-off]");
const isOff = () => localStorage.getItem("keys") === "off";

const isTyping = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], [data-statuses]");
let waitsForPlace = 0;

const find = (selector) => [...document.querySelectorAll(selector)].find((one) => !one.disabled);

const step = (by) => {
  const links = [...document.querySelectorAll("main a.whole, main td.main a")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))].focus();
};

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k" && palette) {
    event.preventDefault();
    openPalette();
    return;
  }
  if (isOff() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (Date.now() < waitsForPlace) {
    waitsForPlace = 0;
    const link = find(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  const does = {
    "/": () => openPalette(),
    "?": () => help?.showModal(),
    g: () => { waitsForPlace = Date.now() + 1500; },
    j: () => step(1),
    k: () => step(-1),
  }[event.key] ?? (() => find(`[data-key="${CSS.escape(event.key)}"]`)?.click());
  if (/^[a-z/?]$/.test(event.key)) {
    event.preventDefault();
    does();
  }
});

if (off) {
  off.checked = isOff();
  off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "off" : "on"));
}

// The palette: what is typed narrows down what is there, and asks for incidents and components.
const input = palette?.querySelector("input");
const shown = () => [...palette.querySelectorAll("[role=option]")].filter((one) => !one.hidden);

const choose = (option) => {
  for (const one of palette.querySelectorAll("[aria-selected=true]")) one.ariaSelected = "false";
  if (!option) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  option.ariaSelected = "true";
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
};

const narrow = () => {
  const words = input.value.trim().toLowerCase().split(/\s+/);
  for (const one of palette.querySelectorAll("[data-commands] [role=option]"))
    one.hidden = !words.every((word) => one.textContent.toLowerCase().includes(word));
  let number = 0;
  for (const one of shown()) one.id = `option-${number++}`;
  choose(shown()[0]);
  palette.querySelector("[data-none]").hidden = number > 0;
};

const openPalette = () => {
  if (palette.open) return;
  input.value = "";
  palette.querySelector("#found").replaceChildren();
  palette.showModal();
  narrow();
};

if (palette) {
  input.addEventListener("input", narrow);
  document.addEventListener("htmx:after:swap", () => { if (palette.open) narrow(); });
  input.addEventListener("keydown", (event) => {
    const options = shown();
    const at = options.findIndex((one) => one.ariaSelected === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(options.at((at + (event.key === "ArrowDown" ? 1 : -1)) % options.length));
    }
    if (event.key === "Enter") {
      event.preventDefault();
      options[at]?.click();
    }
  });
  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close();
    if (event.target.closest("[data-opens]")) palette.close();
  });
  for (const one of document.querySelectorAll("[data-palette]")) {
    one.hidden = false;
    one.addEventListener("click", openPalette);
  }
}
