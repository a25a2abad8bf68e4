// Asks a status page with one client of Statuspage, named first, and prints what it makes of the answers.
// node ask.js CLIENT BASE_URL PAGE_HOST
const [client, base, host] = process.argv.slice(2);
const fs = require("fs");

const clients = {
  "statuspage.io": async () => {
    const { Statuspage } = require("statuspage.io");
    const api = new Statuspage("unused");
    api.setApiUrl(base);
    const summary = await api.api.getSummary();
    return {
      indicator: summary.status.indicator,
      description: (await api.api.getStatus()).status.description,
      components: (await api.api.getComponents()).components.map((one) => one.name),
      incidents: (await api.api.incidents.getUnresolved()).incidents.map((one) => one.name),
      all: (await api.api.incidents.getAll()).incidents.length,
      upcoming: (await api.api.scheduledMaintenances.getUpcoming()).scheduled_maintenances.map((one) => one.name),
    };
  },

  // Its host is fixed: `<page id>.statuspage.io`.
  "statuspage.js": async () => {
    const { Statuspage } = require("statuspage.js");
    const api = new Statuspage(host.split(".")[0]);
    api.axios.defaults.baseURL = `${base}/api/v2`;
    api.axios.defaults.headers.common.Host = host;
    const summary = await api.summary();
    return {
      indicator: summary.status.indicator,
      description: (await api.status()).status.description,
      components: (await api.components()).components.map((one) => one.name),
      updated: summary.page.updated_at.toISOString(),
      incidents: (await api.allIncidents()).incidents.map((one) => one.incident_updates[0].body),
    };
  },

  "@aero/statuspage": async () => {
    const { StatusPageClient, maintenances } = require("@aero/statuspage");
    // One that has asked keeps part of the address for its next question.
    const fresh = () => new StatusPageClient(base);
    const walk = (some) => some.flatMap((one) => [one.name, ...walk([...(one.children ?? [])])]);
    const report = await fresh().status();
    return {
      indicator: report.status.indicator,
      description: report.status.description,
      components: walk(await fresh().components()),
      summary: Object.keys(await fresh().summary()),
      incidents: (await fresh().incidents(true)).map((one) => one.name),
      upcoming: (await fresh().maintenances(maintenances.UPCOMING)).map((one) => one.name),
    };
  },

  "@statuspage/status-widget": async () => {
    const { JSDOM } = require("jsdom");
    const dom = new JSDOM("<!doctype html><body></body>", {
      runScripts: "outside-only",
      url: "https://elsewhere.example/",
    });
    dom.window.fetch = async (url) => {
      const answer = await fetch(url, { headers: { Origin: "https://elsewhere.example" } });
      // What a browser would do.
      if (answer.headers.get("access-control-allow-origin") !== "*") throw new TypeError("CORS");
      return answer;
    };
    dom.window.eval(fs.readFileSync(require.resolve("@statuspage/status-widget/dist/index.js"), "utf8"));
    const widget = dom.window.document.createElement("statuspage-widget");
    widget.setAttribute("src", base);
    dom.window.document.body.append(widget);
    for (let tries = 0; tries < 100; tries++) {
      await new Promise((done) => setTimeout(done, 50));
      const text = widget.shadowRoot?.textContent ?? "";
      if (/[A-Z]\w+ (System|Service|Systems) \w+/.test(text)) return { text };
    }
    throw new Error(`Nothing shown: ${widget.shadowRoot?.innerHTML}`);
  },
};

clients[client]().then(
  (answer) => {
    console.log(JSON.stringify(answer));
    process.exit(0);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
