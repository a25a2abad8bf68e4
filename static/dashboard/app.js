// What makes the screens quicker. Each of them works without.

const page = document.documentElement;

// Theme: buttons with data-theme-choice.
const showTheme = () => {
  const chosen = localStorage.getItem("theme") ?? "";
  for (const one of document.querySelectorAll("[data-theme-choice]"))
    one.setAttribute("aria-pressed", String(one.dataset.themeChoice === chosen));
};
const setTheme = (theme) => {
  if (theme) {
    localStorage.setItem("theme", theme);
    page.dataset.theme = theme;
  } else {
    localStorage.removeItem("theme");
    delete page.dataset.theme;
  }
  showTheme();
};

// Times: in the viewer's zone, with the page's on hover.
const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const options = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
// As people write dates where they are, in the language of the screen.
const locale = navigator.languages.find((one) => one.split("-")[0] === page.lang) ?? page.lang;
const zoned = new Intl.DateTimeFormat(locale, { ...options, timeZoneName: "short" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
const units = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];

const showTimes = (root = document) => {
  for (const one of root.querySelectorAll("time[data-zone]")) {
    if (one.dataset.zone === here || one.dataset.shown) continue;
    const at = new Date(one.dateTime);
    one.title = `${one.textContent.trim()} (${one.dataset.zone})`;
    one.textContent = zoned.format(at);
    one.dataset.shown = "true";
  }
  for (const one of root.querySelectorAll("time[data-ago]")) {
    const at = new Date(one.dateTime);
    const gap = at - Date.now();
    const [unit, size] = units.find(([, least]) => Math.abs(gap) >= least) ?? units[2];
    one.textContent = relative.format(Math.trunc(gap / size), unit);
    one.title ||= zoned.format(at);
  }
};

// Menus close where one clicks beside them; Escape closes what is open and gives the focus back.
const closeMenus = (but) => {
  let closed = false;
  for (const one of document.querySelectorAll("details.menu[open]")) {
    if (one.contains(but)) continue;
    one.open = false;
    closed = true;
  }
  return closed;
};

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  const target = event.target.closest("[data-opens], [data-closes], [data-dismiss], [data-theme-choice], [data-copy]");
  if (!target) return;
  const { opens, closes, dismiss, themeChoice, copy } = target.dataset;
  if (opens !== undefined) {
    const dialog = document.getElementById(opens);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  }
  if (closes !== undefined) {
    event.preventDefault();
    target.closest("dialog").close();
  }
  if (dismiss !== undefined) target.closest(".toast").remove();
  if (themeChoice !== undefined) setTheme(themeChoice);
  if (copy !== undefined) navigator.clipboard.writeText(copy).then(() => { target.dataset.copied = "true"; });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest("details.menu[open]");
  if (closeMenus(null)) open?.querySelector("summary").focus();
});

// Menus by arrow keys.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu");
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  menu.open = true;
  const items = [...menu.querySelectorAll(".item")].filter((one) => !one.disabled);
  const at = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  items.at(at % items.length)?.focus();
});

// Selects and boxes that send their form at once have a button for those without a script.
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-sends]")) event.target.form.requestSubmit();
});

// A form is sent once.
document.addEventListener("submit", (event) => {
  // After a download the screen is still there.
  if (event.target.method === "dialog" || event.target.matches("[data-downloads]")) return;
  for (const one of event.target.querySelectorAll("button:not([type=button])")) setTimeout(() => { one.ariaDisabled = "true"; });
  if (event.target.dataset.sent) event.preventDefault();
  else if (event.target.method === "post" && !event.target.matches("[hx-post], [hx-get]")) event.target.dataset.sent = "true";
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const one of document.querySelectorAll("form[data-sent]")) delete one.dataset.sent;
  for (const one of document.querySelectorAll("[aria-disabled]")) one.ariaDisabled = null;
});

// Toasts that only say something leave by themselves.
for (const one of document.querySelectorAll(".toast.is-ok, .toast.is-info")) setTimeout(() => one.remove(), 8000);

// Of tabs that do not fit, the current one is in sight.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Countries by their names, in the language of the screen.
const regions = new Intl.DisplayNames([page.lang], { type: "region" });
for (const one of document.querySelectorAll("[data-region]")) one.textContent = `${regions.of(one.dataset.region)} (${one.dataset.region})`;

// Messages that wait: the seconds that are left to take them back.
const countDown = () => {
  for (const one of document.querySelectorAll("[data-until]")) {
    const left = Math.ceil((Date.parse(one.dataset.until) - Date.now()) / 1000);
    if (left < 120) one.querySelector("time").textContent = relative.format(Math.max(left, 0), "second");
    if (left <= 0) {
      one.querySelector("form")?.remove();
      delete one.dataset.until;
    }
  }
};
if (document.querySelector("[data-until]")) setInterval(countDown, 1000);

showTheme();
showTimes();
countDown();
setInterval(showTimes, 20_000);
document.addEventListener("htmx:after:swap", () => showTimes());
