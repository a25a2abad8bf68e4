// What the page says already, said closer to the reader: how long ago, in their own zone, day by day. And what
// changes, while they look.
(() => {
  "use strict";
  const root = document.documentElement;
  // Plain "en" would mean American dates, while the page itself writes 19 Nov, 14:32.
  const language = root.lang === "en" ? "en-GB" : root.lang;
  const rightToLeft = root.dir === "rtl";
  const byId = (id) => document.getElementById(id);
  const part = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const create = (tag, name, words = "") => {
    const node = document.createElement(tag);
    node.className = name;
    node.textContent = words;
    return node;
  };
  const aloud = (node) => {
    node.setAttribute("role", "status");
    return node;
  };

  // Times ---------------------------------------------------------------------------------------------
  const ownStyle = {
    day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "numeric", timeZoneName: "short",
  };
  const inOwnZone = (moment) => new Date(moment).toLocaleString(language, ownStyle);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const steps = [["minute", 60, 3600], ["hour", 3600, 86400], ["day", 86400, 7 * 86400]];

  const inWords = (seconds) => {
    const step = steps.find(([, , limit]) => Math.abs(seconds) < limit);
    return step ? relative.format(Math.round(seconds / step[1]), step[0]) : "";
  };

  const tellAge = (time) => {
    const words = inWords((new Date(time.dateTime) - Date.now()) / 1000);
    let age = time.nextElementSibling;
    if (!age?.matches(".age")) time.after(age = create("span", "age"));
    age.textContent = words && ` · ${words}`;
  };

  const tellAges = () => all("time[data-rel]").forEach(tellAge);

  const offerOwnZone = (event) => {
    const time = event.target.closest?.("time[datetime*=T]");
    if (time && !time.title) time.title = inOwnZone(time.dateTime);
  };

  tellAges();
  setInterval(() => document.hidden || tellAges(), 30000);
  document.addEventListener("pointerover", offerOwnZone, { passive: true });

  // Groups stay as the reader left them ---------------------------------------------------------------
  const recall = () => {
    try { return JSON.parse(localStorage.getItem("groups")) || {}; } catch { return {}; }
  };
  const remember = (group) => {
    const kept = recall();
    kept[group.id] = group.open;
    // A private window keeps nothing.
    try { localStorage.setItem("groups", JSON.stringify(kept)); } catch {}
  };

  const kept = recall();
  for (const group of all("details.group")) {
    if (group.id in kept) group.open = kept[group.id];
  }
  document.addEventListener("click", (event) => {
    const handle = event.target.closest("details.group > summary");
    if (handle) setTimeout(remember, 0, handle.parentElement);
  });

  // A link to a component opens whatever hides it.
  const reveal = () => {
    const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let box = target; box; box = box.parentElement) if (box.localName === "details") box.open = true;
    const days = part("details.bar", target);
    if (days) days.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Days ----------------------------------------------------------------------------------------------
  const dayStyle = { weekday: "short", day: "numeric", month: "long", timeZone: "UTC" };
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
    return (box ? all("li[data-i]", box) : []).filter((line) => +line.dataset.i <= index && index <= +(line.dataset.to || line.dataset.i));
  };

  const lineText = (line, days) => {
    const name = days.closest(".bar") ? "" : part(".name", line.closest("li.component-inner-container")).textContent;
    const words = part("span", line).textContent.trim();
    const causes = all('a[href^="/incidents/"]', line).map((cause) => cause.textContent);
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
      tip = aloud(create("div", "tip"));
      document.body.append(tip);
    }
    const texts = linesOf(days, index).map((line) => lineText(line, days)).slice(0, 5);
    const lines = texts.length ? texts : [byId("main").dataset.calm];
    tip.replaceChildren(create("b", "", dateOf(days, index).toLocaleDateString(language, dayStyle)), ...lines.map((text) => create("p", "", text)));
    tip.hidden = false;
    tip.dataset.index = index;
    shown = days;
    place(days, index);
  };

  const follow = (event) => {
    const days = event.target.closest?.(".days");
    if (days && indexAt(days, event.clientX) < days.dataset.n) show(days, indexAt(days, event.clientX));
    else if (shown && !shown.closest("summary:focus-visible")) hide();
  };

  // Where a bar is a list's handle, arrows walk along its days with something to tell.
  const walk = (event) => {
    if (event.key === "Escape") hide();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const days = step && event.target.matches(".bar > summary") && part(".days", event.target);
    if (!days) return;
    event.preventDefault();
    const stops = all("li[data-i]", days.closest("details")).map((line) => +line.dataset.i);
    const from = shown === days ? +tip.dataset.index : +days.dataset.n;
    const ahead = (rightToLeft ? -step : step) > 0;
    const next = ahead ? stops.find((stop) => stop > from) : stops.reverse().find((stop) => stop < from);
    if (next !== undefined) show(days, next);
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

  // Live ----------------------------------------------------------------------------------------------
  const text = (node) => (node ? node.textContent.replace(/\s+/g, " ").trim() : "");

  // Versions are the status page's; other documents only hear that there is a new one.
  const shownVersion = () => +(byId("now")?.dataset.version || 0);
  let known = shownVersion();

  // What can be opened or focused, by the element with an id that it is in.
  const name = (node) => node.closest("[id]").id + node.localName + node.className + (node.href || "");

  const textAt = (box, at) => {
    const walk = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    while (walk.nextNode() && walk.currentNode.length < at) at -= walk.currentNode.length;
    return [walk.currentNode, at];
  };

  // What is marked stays marked, where it is still there.
  const mark = (fresh, words) => {
    const at = fresh.textContent.indexOf(words);
    if (at >= 0) getSelection().setBaseAndExtent(...textAt(fresh, at), ...textAt(fresh, at + words.length));
  };

  const swap = (old, fresh) => {
    const marked = old.contains(getSelection().anchorNode) && `${getSelection()}`;
    const open = new Map([old, ...all("details", old)].map((box) => [name(box), box.open]));
    for (const box of [fresh, ...all("details", fresh)]) {
      if (box.localName === "details" && open.has(name(box))) box.open = open.get(name(box));
    }
    const focused = old.contains(document.activeElement) && document.activeElement;
    old.replaceWith(fresh);
    if (marked) mark(fresh, marked);
    if (!focused) return;
    const same = [fresh, ...all("a, summary", fresh)].find((node) => name(node) === name(focused));
    (same || byId("main")).focus({ preventScroll: true });
  };

  // What a reader who cannot see the page should hear of.
  const news = () => [
    text(part("#state")),
    ...all(".incident, .report").map((one) =>
      [".eyebrow", "h1, h3", ".update .prose"].map((selector) => text(part(selector, one))).join(". ")),
  ];

  // When the page was last known to be current, from when on that is missed, and when the stream last spoke.
  let source, fetching, confirmedAt = 0, since, heardAt, nextTry = 0, pause = 15e3;

  // Beside the last change, once somebody has looked, and while nobody says that the page is old.
  const tellCheck = () => {
    const line = part("#now .meta");
    if (!line || !confirmedAt) return;
    const sign = part(".check", line) || line.appendChild(create("span", "age check"));
    const ago = (confirmedAt - Date.now()) / 1000;
    const words = ago > -45 ? line.dataset.fresh : `${line.dataset.checked} ${inWords(ago)}`;
    const said = part("#notice:not(.lost)") ? "" : words;
    if (sign.textContent !== said) sign.textContent = said;
  };

  const voice = aloud(create("p", "sr"));

  // What begins in view is looked at rather than what only goes on in it.
  const distance = ({ top }) => (top < 0 ? 1e6 - top : top);

  // Change the page under the reader's eyes: what is in view stays where it is.
  const change = (title, icon, work) => {
    const heard = news();
    const marks = !scrollY ? [] : all("main [id]").map((node) => [node.id, node.getBoundingClientRect()])
      .filter(([, box]) => box.height && box.bottom > 0 && box.top < innerHeight)
      .sort(([, one], [, other]) => distance(one) - distance(other));
    work();
    tellAges();
    tellCheck();
    if (shown && !shown.isConnected) hide();
    const kept = marks.find(([id]) => byId(id));
    if (kept) scrollBy({ top: byId(kept[0]).getBoundingClientRect().top - kept[1].top, behavior: "instant" });
    document.title = title;
    if (icon) part("link[rel=icon]").href = icon;
    const fresh = news().filter((line) => !heard.includes(line));
    if (fresh.length) voice.textContent = fresh.join(" ");
  };

  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  // The element as it was published, without its live inner ones.
  const outline = (node) => {
    const copy = node.cloneNode(true);
    for (const inner of all("[data-live]", copy)) inner.replaceWith(inner.id);
    for (const age of all(".age", copy)) age.remove();
    for (const changed of [copy, ...all("[open], [title]", copy)]) changed.removeAttribute(changed.title ? "title" : "open");
    return copy.outerHTML.replace(/\?\d+/g, "");
  };

  const swapDiffering = (fresh) => {
    const old = byId(fresh.id);
    if (outline(old) !== outline(fresh)) swap(old, fresh);
    else for (const inner of all("[data-live]", fresh)) {
      if (inner.parentElement.closest("[data-live]") === fresh) swapDiffering(inner);
    }
  };

  const setNotice = (notice) => {
    byId("notice")?.remove();
    if (notice) byId("main").before(notice);
  };

  const loaded = (page) => all("head [src], head [rel=stylesheet]", page)
    .map((node) => node.getAttribute("src") || node.getAttribute("href")).join();

  let etag, asked;
  const get = (address) => fetch(address, { cache: "no-cache" });
  const load = async () => {
    const answer = await get(location.href);
    const page = parse(await answer.text());
    const fresh = part("main[data-live]", page);
    if (!fresh) throw 0;
    if (loaded(page) !== loaded(document)) location.reload();
    const notice = part("#notice", page);
    if (etag !== (etag = answer.headers.get("etag")) || !etag) {
      change(page.title, part("link[rel=icon]", page)?.getAttribute("href"), () => {
        swapDiffering(fresh);
        setNotice(notice);
      });
    }
    await confirmed(answer);
  };

  // What caches on the way have kept is as old as they say, and a copy of the page on another server as it says:
  // only there answers come from files, which have a date.
  const confirmed = async (answer) => {
    const copy = answer?.headers.has("last-modified") && await get("/copy.json");
    confirmedAt = copy?.ok ? new Date((await copy.json()).at) : Date.now() - (answer?.headers.get("age") || 0) * 1000;
    pause = 15e3;
    if (Date.now() - confirmedAt < 6e4 && part("#notice.lost")) setNotice();
    tellCheck();
  };

  const attempt = async (work) => {
    try { await work(); } catch { pause = Math.min(pause * 2, 3e5); asked = 0; }
  };

  // Thousands may be told at once to fetch the page.
  const loadSoon = (version, within = 2000) => {
    fetching ||= setTimeout(async () => {
      await attempt(async () => {
        await load();
        known = shownVersion() || version || known;
      });
      fetching = 0;
    }, Math.random() * within);
  };

  const hear = (version) => {
    heardAt = Date.now();
    refusal = 1e4;
    known ||= version;
    if (version === known) confirmed();
    else loadSoon(version);
  };

  const take = (event) => {
    const data = JSON.parse(event.data);
    const places = Object.keys(data.fragments || {});
    if (data.prev !== known || known !== shownVersion() || !places.every(byId)) return hear(data.version);
    change(data.title, data.icon, () => places.forEach((id) => swap(byId(id), parse(data.fragments[id]).body.firstChild)));
    known = data.version;
    return hear(known);
  };

  // Refused, as a crowd may be, it asks again less often each time.
  let laid, listenAfter = 0, refusal = 1e4;
  const refused = (event) => {
    if (event.target.readyState !== EventSource.CLOSED) return;
    listenAfter = Date.now() + refusal * (1 + Math.random());
    refusal = Math.min(refusal * 2, 3e5);
  };

  const listen = () => {
    if (Date.now() < listenAfter) return;
    source?.close();
    source = new EventSource(`/events${known ? `?v=${known}` : ""}`);
    source.addEventListener("beat", (event) => {
      const [version, overlay] = event.data.split(" ");
      hear(+version);
      // The server has something to say over the page, or no longer, or something else than before.
      if (!overlay !== !part("#notice:not(.lost)") || (laid ?? overlay) !== overlay) loadSoon(+version);
      laid = overlay;
    });
    source.addEventListener("error", refused);
    source.addEventListener("change", take);
    source.addEventListener("resync", take);
  };

  const tellThatItIsOld = () => {
    if (byId("notice")) return;
    const at = confirmedAt || since;
    const time = create("time", "", inOwnZone(at));
    time.dateTime = new Date(at).toISOString();
    time.dataset.rel = "";
    const notice = aloud(create("p", "notice lost", `${byId("main").dataset.old} `));
    notice.id = "notice";
    notice.append(time);
    setNotice(notice);
    tellAges();
  };

  // A few bytes, the same for all of a site's pages: they change with every version.
  const ask = async () => {
    const answer = await get("/api/v2/status.json");
    if (!answer.ok) throw 0;
    if (asked && asked === answer.headers.get("etag")) await confirmed(answer);
    else loadSoon(0, 0);
    asked = answer.headers.get("etag");
  };

  // Where the stream is silent, which a beat every 15 s should prevent, this asks instead.
  let drawn;
  const look = () => {
    const now = Date.now();
    if (document.hidden) return;
    // Charts are pictures of their own, made anew at most once a minute.
    if (drawn < (drawn = Math.floor(now / 6e4))) for (const chart of all(".chart")) chart.src = `${chart.src.split("?")[0]}?${drawn}`;
    tellCheck();
    if (now - Math.max(confirmedAt, since) > 6e4) tellThatItIsOld();
    if (now - heardAt < 35e3 || now < nextTry) return;
    nextTry = now + pause * (1 + Math.random());
    listen();
    attempt(ask);
  };

  const comeAndGo = () => {
    if (document.hidden) return source?.close();
    heardAt = Date.now();
    since = heardAt - (confirmedAt && 45e3);
    nextTry = 0;
    tellAges();
    tellCheck();
    listen();
  };

  if (part("main[data-live]")) {
    // The browser's own way would move the page a second time.
    root.style.overflowAnchor = "none";
    document.body.append(voice);
    document.addEventListener("visibilitychange", comeAndGo);
    addEventListener("online", () => { nextTry = 0; pause = 15e3; });
    setInterval(look, 5e3);
    comeAndGo();
  }
})();
