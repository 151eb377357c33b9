import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Run as a process of its own: answers everything with what DDI answers a device that has nothing to do. Prints its port. */
const body = JSON.stringify({ config: { polling: { sleep: "00:00:01" } }, _links: {} });
const headers = { "content-type": "application/json", "content-length": String(body.length) };
const server = createServer((_, response) => response.writeHead(200, headers).end(body));
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
