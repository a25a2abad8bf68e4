// Writing about incidents: a status by one keypress, a preview while typing, nothing lost by leaving.

const form = document.querySelector("form.composing, form[data-warns]");

// Narrow the components down by name.
for (const narrow of document.querySelectorAll("[data-narrows]")) {
  narrow.hidden = false;
  const rows = narrow.closest("[data-statuses]").querySelectorAll("li");
  narrow.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted) && !row.querySelector('input:checked:not([value=""])');
  });
  narrow.querySelector("input").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    [...rows].find((row) => !row.hidden)?.querySelector("input:checked, input").focus();
  });
}

// In a row that has the focus, a letter chooses; x takes the component out again; up and down change rows.
document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-statuses] li");
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault();
    const shown = [...row.parentElement.children].filter((one) => !one.hidden);
    const next = shown[shown.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
    (next?.querySelector("input:checked") ?? next?.querySelector("input"))?.focus();
    return;
  }
  const radio = row.querySelector(key === "x" ? 'input[value=""]' : `[data-key-in-row="${CSS.escape(key)}"]`);
  if (!radio) return;
  event.preventDefault();
  event.stopPropagation();
  radio.checked = true;
  radio.focus();
  radio.dispatchEvent(new Event("input", { bubbles: true }));
});

if (form) {
  // The preview follows what is typed.
  const ask = () => form.dispatchEvent(new Event("preview"));
  form.addEventListener("input", ask);

  // Control and Enter send.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector(".primary"));
  });

  // Leaving asks, once something was typed.
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

// The preview as page, mail or SMS: all three under one another without a script.
let chosen = "tab-page";
const showTab = (root, tab) => {
  chosen = tab.id;
  for (const one of root.querySelectorAll("[role=tab]")) {
    one.ariaSelected = String(one === tab);
    one.tabIndex = one === tab ? 0 : -1;
    document.getElementById(one.getAttribute("aria-controls")).hidden = one !== tab;
  }
};
const showTabs = () => {
  for (const root of document.querySelectorAll("[data-tabs]")) {
    const tabs = [...root.querySelectorAll("[role=tab]")];
    root.querySelector("[role=tablist]").hidden = tabs.length < 2;
    showTab(root, tabs.find((one) => one.id === chosen) ?? tabs[0]);
  }
};
document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tabs] [role=tab]");
  if (tab) showTab(tab.closest("[data-tabs]"), tab);
});
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[data-tabs] [role=tab]");
  if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const tabs = [...tab.parentElement.children];
  const next = tabs.at((tabs.indexOf(tab) + (event.key === "ArrowRight" ? 1 : -1)) % tabs.length);
  showTab(tab.closest("[data-tabs]"), next);
  next.focus();
});
document.addEventListener("htmx:after:swap", showTabs);
showTabs();
