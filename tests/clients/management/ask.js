// Lets one client of the management API do all that it does, and prints what came of it.
// node -r ./onward.js ask.js CLIENT KEY PAGE_ID
const [client, key, page] = process.argv.slice(2);
const EventEmitter = require("events");

const clients = {
  // Through its own routes, as a browser asks them of Backstage.
  "@axis-backstage/plugin-statuspage-backend": async () => {
    const { createRouter } = require(
      "./node_modules/@axis-backstage/plugin-statuspage-backend/dist/service/router.cjs.js",
    );
    const kept = new Map();
    const router = await createRouter({
      cache: { get: async (name) => kept.get(name), set: async (name, value) => kept.set(name, value) },
      logger: { info: () => {} },
      rootConfig: { getOptional: () => [{ name: "acme", pageid: page, token: key, link: "https://acme" }] },
    });
    const server = require("express")().use(router).listen(0, "127.0.0.1");
    await EventEmitter.once(server, "listening");
    const base = `http://127.0.0.1:${server.address().port}`;
    const get = async (path) => (await fetch(`${base}/${path}/acme`)).json();
    const found = {
      components: (await get("fetch-components")).map((one) => [one.name, one.group]),
      groups: (await get("fetch-component-groups")).map((one) => [one.name, one.components.length]),
      link: (await get("fetch-link")).url,
    };
    server.close();
    return found;
  },

  // Its whole loop: the source, its metrics, and points for one of them.
  "graphout-output-statuspage-io": () =>
    new Promise((resolve) => {
      // Half a minute passes between two rounds: here not. How long it waits for an answer is its own.
      const wait = global.setTimeout;
      global.setTimeout = (work, delay, ...rest) => wait(work, delay === 30000 ? 100 : delay, ...rest);
      const Output = require("graphout-output-statuspage-io");
      const events = new EventEmitter();
      const said = [];
      process.on("beforeExit", () => resolve({ levels: ["ended"], said }));
      const say = (level) => (...words) => {
        said.push([level, words]);
        if (level === "debug" && words[0].startsWith("refreshed") && said.length < 4) {
          setImmediate(() => events.emit("result", 12.5, { name: words[1][0].name }));
        }
        if (said.some((line) => line[1][0] === "sending") && words[0].startsWith("refreshed")) {
          resolve({ levels: [...new Set(said.map((line) => line[0]))].sort(), said });
        }
      };
      const log = Object.fromEntries(["debug", "info", "warn", "error"].map((level) => [level, say(level)]));
      new Output(events, log, { api_key: key, page_id: page, send_interval: 30 });
    }),
};

clients[client]().then(
  (found) => {
    console.log(JSON.stringify(found));
    process.exit(0);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
