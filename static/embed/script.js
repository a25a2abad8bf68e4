// What a site has that showed Statuspage's banner: at the same address, ours.
(() => {
  "use strict";
  const base = new URL(document.currentScript.src).origin;
  const widget = document.createElement("status-widget");
  const script = document.createElement("script");
  for (const [name, value] of [["src", base], ["type", "banner"], ["only-problems", ""]]) widget.setAttribute(name, value);
  script.src = `${base}/widget.js`;
  const add = () => document.body.append(widget, script);
  if (document.body) add();
  else document.addEventListener("DOMContentLoaded", add);
})();
