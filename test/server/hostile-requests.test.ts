import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { httpExchange } from "../support/http-exchange.ts";
import { startedFleet } from "../support/started-fleet.ts";

/** Sends raw bytes and collects what comes back until the server closes the connection. */
async function raw(url: string, parts: readonly string[], pauseMs = 0): Promise<string> {
  const { hostname, port } = new URL(url);
  const chunks: Buffer[] = [];
  const socket = connect(Number(port), hostname);
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("data", (chunk) => chunks.push(chunk)).on("error", () => {});
  for (const part of parts) {
    if (!socket.writable) break;
    socket.write(part);
    if (pauseMs > 0) await new Promise((proceed) => setTimeout(proceed, pauseMs));
  }
  await closed;
  return Buffer.concat(chunks).toString();
}

describe("hostile requests", () => {
  it("answers what is not a route with a small JSON error, never with a stack", async () => {
    const { server } = await startedFleet();
    const targets = [
      "/",
      "//",
      "/api",
      "/api/v1",
      "/api/v2/devices",
      "/DEFAULT",
      "/OTHER/controller/v1/d1",
      "/a?b=%zz",
      "/%2e%2e/x",
    ];
    for (const target of targets) {
      const answer = await httpExchange(server.url, target);
      expect([target, answer.status, Object.keys(answer.json)]).toEqual([target, 404, ["error"]]);
      expect(answer.body.length).toBeLessThan(200);
    }
    for (const target of ["/%", "/api/v1/devices/%ff", "/DEFAULT/controller/v1/%E0%A4%A"]) {
      const answer = await httpExchange(server.url, target);
      expect([target, answer.status, answer.json.error.code]).toEqual([target, 400, "malformed-address"]);
    }
    expect((await httpExchange(server.url, "/api/v1/health", { method: "DELETE" })).status).toBe(405);
    expect((await httpExchange(server.url, "*", { method: "OPTIONS" })).status).toBe(404);
  });

  it("answers any target with a status below 500, and lives on", async () => {
    const lines: string[] = [];
    const { server } = await startedFleet({ log: (line) => lines.push(line) });
    const word = fc.constantFrom(
      "api",
      "v1",
      "DEFAULT",
      "controller",
      "devices",
      "artifacts",
      "..",
      ".",
      "",
      "%2f",
      "%00",
      "d1",
      "11",
    );
    const target = fc.oneof(
      fc.webPath(),
      fc.array(word).map((words) => `/${words.join("/")}`),
    );
    await fc.assert(
      fc.asyncProperty(
        target,
        fc.constantFrom("GET", "PUT", "POST", "PATCH", "HEAD"),
        async (path, method) => {
          const headers = { authorization: `Bearer ${server.controlToken}` };
          const { status } = await httpExchange(server.url, path || "/", { method, headers });
          expect(status).toBeLessThan(500);
        },
      ),
      { numRuns: 150 },
    );
    expect(lines).toEqual([]);
  });

  it("cuts a JSON body at its bound, announced or not", async () => {
    const { server, addDevice } = await startedFleet();
    const device = await addDevice("d1");
    const big = "x".repeat(1024 * 1024 + 1);
    const announced = await device.send(`${device.root}/configData`, {
      method: "PUT",
      body: "",
      headers: { "content-length": String(big.length), expect: "100-continue" },
    });
    expect([announced.status, announced.headers["connection"]]).toEqual([413, "close"]);
    const head = `PUT ${device.root}/configData HTTP/1.1\r\nhost: x\r\nauthorization: TargetToken ${device.token}\r\n`;
    const chunked = await raw(server.url, [
      `${head}transfer-encoding: chunked\r\n\r\n${big.length.toString(16)}\r\n${big}\r\n`,
    ]);
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
    expect((await device.send(device.root)).status).toBe(200);
  });

  it("refuses a head that is too large, and what is not HTTP", async () => {
    const { server } = await startedFleet();
    expect(await raw(server.url, [`GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(40_000)}\r\n\r\n`])).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(await raw(server.url, ["\u0016\u0003\u0001 hello\r\n\r\n"])).toMatch(/^HTTP\/1\.1 400 /);
    const smuggled =
      "GET /api/v1/health HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(await raw(server.url, [smuggled])).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("cuts a client that dribbles its head", async () => {
    const { server } = await startedFleet({ limits: { headersTimeoutMs: 150 } });
    const dribble = Array.from({ length: 100 }, (_, n) => `x-${n}: y\r\n`);
    expect(await raw(server.url, ["GET /api/v1/health HTTP/1.1\r\n", ...dribble], 30)).toMatch(
      /^HTTP\/1\.1 408 /,
    );
  });

  it("cuts a client that stops in its body, and one that dribbles it", async () => {
    const { server, addDevice } = await startedFleet({
      limits: { idleTimeoutMs: 150, requestTimeoutMs: 600 },
    });
    const device = await addDevice("d1");
    const head =
      `PUT ${device.root}/configData HTTP/1.1\r\nhost: x\r\n` +
      `authorization: TargetToken ${device.token}\r\ncontent-length: 1000\r\n\r\n`;
    expect(await raw(server.url, [head, "{"])).toBe("");
    expect(await raw(server.url, [head, ...Array.from({ length: 100 }, () => "{")], 50)).toMatch(
      /^(HTTP\/1\.1 408 |$)/,
    );
    expect((await device.send(device.root)).status).toBe(200);
  });

  it("drops connections beyond its bound and serves the others", async () => {
    const { server } = await startedFleet({ limits: { connectionsMax: 3 } });
    const { hostname, port } = new URL(server.url);
    const open = () =>
      new Promise<"open" | "dropped">((resolve) => {
        const socket = connect(Number(port), hostname);
        socket.on("close", () => resolve("dropped"));
        socket.on("error", () => {});
        socket.on("connect", () => socket.write("GET /api/v1/health HTTP/1.1\r\nhost: x\r\n\r\n"));
        socket.on("data", () => resolve("open"));
      });
    const results = [];
    for (let n = 0; n < 5; n += 1) results.push(await open());
    expect(results).toEqual(["open", "open", "open", "dropped", "dropped"]);
  });
});
