// Leads connections to Statuspage's own host to the port ONWARD_PORT of this machine; names in TLS stay.
const net = require("net");
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...given) {
  const listed = Array.isArray(given[0]);
  const options = listed ? given[0][0] : given[0];
  if (options && options.host === "api.statuspage.io") {
    const onward = { ...options, host: "127.0.0.1", port: Number(process.env.ONWARD_PORT), lookup: undefined };
    if (listed) given[0][0] = onward;
    else given[0] = onward;
  }
  return connect.apply(this, given);
};
