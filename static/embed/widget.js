// The state of a status page on any other site: <status-widget src="https://status.example.com">. It brings its
// look along, keeps to itself, and what goes wrong in it stays in it.
(() => {
  "use strict";
  if (!window.customElements || customElements.get("status-widget")) return;

  const SIGNS = {
    none: ["M8 .5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15", "m4.8 8.3 2.2 2.2 4.3-4.7"],
    minor: ["M8 .4 15.6 8 8 15.6.4 8z", "M5.2 8h5.6"],
    major: ["M8 1 15.5 14.5H.5z", "M8 6.2v3.4M8 11.7v.1"],
    critical: ["M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5z", "m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"],
    maintenance: ["M4 .8h8A3.2 3.2 0 0 1 15.2 4v8a3.2 3.2 0 0 1-3.2 3.2H4A3.2 3.2 0 0 1 .8 12V4A3.2 3.2 0 0 1 4 .8", "M8.2 7.9 4.4 11.6M12.5 6.1A2.5 2.5 0 1 1 10 3.6"],
  };
  const OLD = 18e4, SILENT = 4e4, PAUSE = 3e4, LONGEST_PAUSE = 6e5;

  // Nodes are made one by one: a site may forbid markup from text.
  const make = (name, values = {}, ...inside) => {
    const node = name === "svg" || name === "path"
      ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const key in values) node.setAttribute(key, values[key]);
    node.append(...inside);
    return node;
  };

  // One for each status page, however many widgets show it.
  const feeds = new Map();

  class Feed {
    constructor(base) {
      this.base = base;
      this.widgets = new Set();
      this.at = 0;
      document.addEventListener("visibilitychange", () => this.turn());
    }

    // Nothing is asked while nobody looks.
    turn() {
      const wanted = this.widgets.size && !document.hidden;
      if (!wanted === !this.timer) return;
      clearInterval(this.timer);
      clearTimeout(this.fetching);
      this.timer = this.fetching = 0;
      this.source?.close();
      if (!wanted) return;
      this.heard = this.next = 0;
      this.pause = PAUSE;
      // What it shows may well be right still, and in a moment is known to be.
      this.at = Math.max(this.at, Date.now() - OLD + 15e3);
      this.timer = setInterval(() => this.look(), 5e3);
      this.look();
    }

    // While the stream is alive, a beat every 15 s says that nothing was missed.
    look() {
      const now = Date.now();
      if (this.data && now - this.at > OLD) this.tell();
      if (now - this.heard < SILENT || now < this.next) return;
      this.next = now + this.pause * (1 + Math.random());
      this.load();
      this.listen();
    }

    // What the stream told is part of the address: no cache on the way has an older answer to that.
    async load() {
      const told = this.told;
      try {
        const answer = await fetch(`${this.base}/embed/widget.json${told ? `?${encodeURIComponent(told)}` : ""}`, {
          cache: "no-cache", credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(1e4),
        });
        const data = await answer.json();
        if (!answer.ok || !SIGNS[data.indicator]) throw data;
        const version = `${data.version || parseInt(told, 10)}`;
        this.known = told?.split(" ")[0] === version ? told : version;
        this.data = data;
        this.at = Date.now();
        this.pause = PAUSE;
        this.tell();
      } catch {
        this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
      }
    }

    listen() {
      this.source?.close();
      try {
        const source = this.source = new EventSource(`${this.base}/events`);
        for (const name of ["beat", "change", "resync"]) source.addEventListener(name, (event) => this.hear(event));
      } catch { /* It is asked from time to time instead. */ }
    }

    // The version, and in a beat what the server has written over it. Thousands may hear of it at once.
    hear({ type, data }) {
      this.heard = Date.now();
      this.told = type === "beat" ? data : data.match(/\d+/)[0];
      if (this.told === this.known) this.at = this.heard;
      else this.fetching ||= setTimeout(() => {
        this.fetching = 0;
        if (this.told !== this.known) this.load();
      }, Math.random() * 2e3);
    }

    tell() {
      for (const widget of this.widgets) widget.draw();
    }
  }

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`{css}`);

  customElements.define("status-widget", class extends HTMLElement {
    static observedAttributes = ["src", "type", "only-problems"];

    connectedCallback() {
      try { this.join(); } catch { /* What is between the tags stays. */ }
    }

    disconnectedCallback() {
      this.feed?.widgets.delete(this);
      this.feed?.turn();
      this.feed = null;
    }

    attributeChangedCallback(name) {
      if (!this.feed) return;
      if (name !== "src") return this.draw();
      this.disconnectedCallback();
      this.connectedCallback();
    }

    join() {
      if (!this.shadowRoot) {
        this.attachShadow({ mode: "open" }).append(make("slot"));
        this.shadowRoot.adoptedStyleSheets = [sheet];
      }
      const base = new URL(this.getAttribute("src") || "about:", document.baseURI).origin;
      if (!base.startsWith("http")) return;
      if (!feeds.has(base)) feeds.set(base, new Feed(base));
      this.feed = feeds.get(base);
      this.feed.widgets.add(this);
      this.feed.turn();
      this.draw();
    }

    draw() {
      try { this.show(this.feed.data); } catch { /* The next state may be drawn again. */ }
    }

    show(data) {
      if (!data) return;
      const { indicator, notices, words } = data;
      const type = ["card", "banner"].find((one) => one === this.getAttribute("type")) || "line";
      const old = data.stale_as_of || Date.now() - this.feed.at > OLD && this.feed.at;
      const wrong = indicator !== "none" || notices.length;
      const seen = `${this.feed.base} ${indicator} ${notices.map((one) => one.id)}`;
      const shown = (wrong || !this.hasAttribute("only-problems")) && !(type === "banner" && this.isDismissed(seen));
      const drawn = JSON.stringify([{ ...data, version: 0 }, type, old, shown]);
      if (drawn === this.drawn) return;
      this.drawn = drawn;

      for (const name of ["inset", "background", "color"]) this.style.setProperty(`--page-${name}`, type === "banner" && data.own?.[name] || "");
      // It stays, so that a reader of the screen is told what becomes of it.
      const region = this.region ||= make("div", { role: "status" });
      const box = this.box ||= make("div", { part: "box" }, region);
      box.className = `box ${shown ? type : "off"} ${indicator}`;
      box.lang = data.lang;
      box.dir = data.dir;
      const focused = this.shadowRoot.activeElement?.href;
      region.replaceChildren(...shown ? this.content(data, type, old) : []);
      box.querySelector("button")?.remove();
      if (shown && type === "banner") box.append(this.button(words.close, seen));
      if (!box.parentNode) this.shadowRoot.replaceChildren(box);
      if (focused) [...box.querySelectorAll("a")].find((link) => link.href === focused)?.focus({ preventScroll: true });
    }

    content({ indicator, sentence, name, notices, words, lang }, type, old) {
      const [shape, mark] = SIGNS[indicator];
      const sign = make("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, make("path", { d: shape }), make("path", { d: mark }));
      const who = make("span", { class: "who", dir: "auto" }, type === "line" ? `${name}: ` : name);
      const parts = [make("p", { class: "state", part: "state" }, sign, this.link("/", make("span", {}, who, sentence)))];
      const rows = type === "line" ? [] : notices.map((one) =>
        make("li", {}, this.link(`/incidents/${one.id}`, one.name), make("span", {}, one.state)));
      if (rows.length) parts.push(make("ul", { part: "notices" }, ...rows));
      if (old) {
        const time = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(old));
        parts.push(make("p", { class: "old" }, `${words.old} ${time}`));
      }
      return parts;
    }

    link(path, inside) {
      return make("a", { href: this.feed.base + path, target: "_blank", rel: "noopener", dir: "auto" }, inside);
    }

    // What was dismissed comes back when it is another trouble.
    isDismissed(seen) {
      try { return sessionStorage.statusWidget === seen; } catch { return this.dismissed === seen; }
    }

    button(label, seen) {
      const button = make("button", { type: "button", "aria-label": label, part: "close" }, "×");
      button.onclick = () => {
        this.dismissed = seen;
        try { sessionStorage.statusWidget = seen; } catch { /* Then it is kept for this page alone. */ }
        this.draw();
      };
      return button;
    }
  });
})();
