// What the page says already, said closer to the reader: how long ago, in their own zone, day by day.
(() => {
  "use strict";
  const root = document.documentElement;
  // Plain "en" would mean American dates, while the page itself writes 19 Nov, 14:32.
  const language = root.lang === "en" ? "en-GB" : root.lang;
  const rightToLeft = root.dir === "rtl";

  // Times ---------------------------------------------------------------------------------------------
  // Formats are slow to make, and most readers need only the first.
  const lazily = (make) => { let made; return () => (made ??= make()); };
  const own = lazily(() => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }));
  const zone = lazily(() => new Intl.DateTimeFormat(language, { hour: "numeric", timeZoneName: "short" }));
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const steps = [["minute", 60, 3600], ["hour", 3600, 86400], ["day", 86400, 7 * 86400]];

  const inWords = (seconds) => {
    const step = steps.find(([, , limit]) => Math.abs(seconds) < limit);
    return step ? relative.format(Math.round(seconds / step[1]), step[0]) : "";
  };

  const zoneName = (date) => zone().formatToParts(date).find((part) => part.type === "timeZoneName").value;

  const tellAge = (time) => {
    const words = inWords((new Date(time.dateTime) - Date.now()) / 1000);
    let age = time.nextElementSibling;
    if (!age || !age.matches(".age")) {
      age = document.createElement("span");
      age.className = "age";
      time.after(age);
    }
    age.textContent = words && ` · ${words}`;
  };

  const tellAges = () => document.querySelectorAll("time[data-rel]").forEach(tellAge);

  const offerOwnZone = (event) => {
    const time = event.target.closest && event.target.closest("time[datetime*=T]");
    if (!time || time.title) return;
    const date = new Date(time.dateTime);
    time.title = `${own().format(date)} ${zoneName(date)}`;
  };

  tellAges();
  setInterval(() => document.hidden || tellAges(), 30000);
  document.addEventListener("visibilitychange", () => document.hidden || tellAges());
  document.addEventListener("pointerover", offerOwnZone, { passive: true });

  // Groups stay as the reader left them ---------------------------------------------------------------
  const recall = () => {
    try { return JSON.parse(localStorage.getItem("groups")) || {}; } catch { return {}; }
  };
  const remember = (group) => {
    const kept = recall();
    kept[group.id] = group.open;
    try { localStorage.setItem("groups", JSON.stringify(kept)); } catch { /* a private window keeps nothing */ }
  };

  const kept = recall();
  for (const group of document.querySelectorAll("details.group")) {
    if (group.id in kept) group.open = kept[group.id];
    group.firstElementChild.addEventListener("click", () => setTimeout(remember, 0, group));
  }

  // A link to a component opens whatever hides it.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let box = target; box; box = box.parentElement) if (box.localName === "details") box.open = true;
    const days = target.querySelector("details.bar");
    if (days) days.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Days ----------------------------------------------------------------------------------------------
  const dayStyle = { weekday: "short", day: "numeric", month: "long", timeZone: "UTC" };
  const dayName = lazily(() => new Intl.DateTimeFormat(language, dayStyle));
  let tip, shown;

  const lengthOf = (days) => days.viewBox.baseVal.width / 8;

  const dateOf = (days, index) => {
    const date = new Date(`${days.dataset.from}T00:00:00Z`);
    date.setUTCDate(date.getUTCDate() + index);
    return date;
  };

  const indexAt = (days, x) => {
    const box = days.getBoundingClientRect();
    const part = rightToLeft ? (box.right - x) / box.width : (x - box.left) / box.width;
    return Math.max(0, Math.min(lengthOf(days) - 1, Math.floor(part * lengthOf(days))));
  };

  // The lines of the list beside a bar say what a day was; a group's bar stands for all of its components.
  const linesOf = (days, index) => {
    const box = days.closest("details");
    const lines = box ? [...box.querySelectorAll("li[data-i]")] : [];
    return lines.filter((line) => +line.dataset.i <= index && index <= +(line.dataset.to || line.dataset.i));
  };

  const paragraph = (text, tag = "p") => {
    const node = document.createElement(tag);
    node.textContent = text;
    return node;
  };

  const lineText = (line, days) => {
    const name = days.closest(".bar") ? "" : line.closest("li.component-inner-container").querySelector(".name").textContent;
    const words = line.querySelector("span").textContent.trim();
    const causes = [...line.querySelectorAll('a[href^="/incidents/"]')].map((cause) => cause.textContent);
    return [name, words, ...new Set(causes)].filter(Boolean).join(" · ");
  };

  const hide = () => {
    if (tip) tip.hidden = true;
    if (shown) shown.classList.remove("on");
    shown = null;
  };

  const place = (days, index) => {
    const box = days.getBoundingClientRect();
    const part = (index + 0.5) / lengthOf(days);
    const middle = rightToLeft ? box.right - part * box.width : box.left + part * box.width;
    const left = Math.max(8, Math.min(root.clientWidth - tip.offsetWidth - 8, middle - tip.offsetWidth / 2));
    const above = box.top - tip.offsetHeight - 8;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(above > 8 ? above : box.bottom + 8)}px)`;
  };

  const show = (days, index) => {
    if (!tip) {
      tip = document.createElement("div");
      tip.className = "tip";
      tip.setAttribute("role", "status");
      document.body.append(tip);
    }
    const texts = linesOf(days, index).map((line) => lineText(line, days)).slice(0, 5);
    const lines = texts.length ? texts : [document.getElementById("main").dataset.calm];
    tip.replaceChildren(paragraph(dayName().format(dateOf(days, index)), "b"), ...lines.map((text) => paragraph(text)));
    tip.hidden = false;
    tip.dataset.index = index;
    shown = days;
    place(days, index);
  };

  const follow = (event) => {
    const days = event.target.closest && event.target.closest(".days");
    if (days && indexAt(days, event.clientX) < days.dataset.n) show(days, indexAt(days, event.clientX));
    else if (shown && !shown.closest("summary:focus-visible")) hide();
  };

  // Where a bar is a list's handle, arrows walk along its days with something to tell.
  const walk = (event) => {
    if (event.key === "Escape") return hide();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const days = step && event.target.matches(".bar > summary") && event.target.querySelector(".days");
    if (!days) return undefined;
    event.preventDefault();
    const stops = [...days.closest("details").querySelectorAll("li[data-i]")].map((line) => +line.dataset.i);
    const from = shown === days ? +tip.dataset.index : +days.dataset.n;
    const ahead = (rightToLeft ? -step : step) > 0;
    const next = ahead ? stops.find((stop) => stop > from) : stops.reverse().find((stop) => stop < from);
    if (next !== undefined) show(days, next);
    return undefined;
  };

  document.addEventListener("pointermove", follow, { passive: true });
  document.addEventListener("pointerdown", follow, { passive: true });
  document.addEventListener("click", (event) => {
    // A touch on a bar asks for its day; the words below it open the list.
    if (event.target.closest(".bar .days") && event.detail) event.preventDefault();
  });
  document.addEventListener("keydown", walk);
  document.addEventListener("focusout", hide);
  addEventListener("scroll", hide, { passive: true });
})();
