import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { VisitsResponse } from "../../src/agent/app-link.ts";
import { closeConnections, HttpDdiClient, openConnections } from "../../src/agent/http-ddi-client.ts";
import { type RunAgentOptions, runAgent } from "../../src/agent/run-agent.ts";
import { lockStateDirectory } from "../../src/agent/state-directory-lock.ts";
import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import { DdiServer } from "../support/ddi-server.ts";
import { fanImage, fanSigner } from "../support/fan-images.ts";
import { freePort } from "../support/free-port.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

async function setup() {
  const dir = temporaryDirectory();
  const server = await DdiServer.start();
  server.sleep = "00:00:01";
  const imageFile = join(dir, "factory.bin");
  writeFileSync(imageFile, fanImage("fan-a1", "1.9.4"));
  const stopping = new AbortController();
  const options: RunAgentOptions = {
    serverUrl: `${server.url}/`,
    deviceId: server.deviceId,
    token: server.token,
    hardware: "fan-a1",
    dir: join(dir, "device"),
    trustedKeys: [fanSigner(dir).trustedKey],
    payloadPort: await freePort(),
    linkPort: await freePort(),
    factory: { imageFile, version: "1.9.4" },
    component: "fan",
    clock: systemClock,
    random: seededRandom(1),
    log: () => {},
    signal: stopping.signal,
  };
  return { dir, server, options, stop: () => stopping.abort() };
}

async function visit(port: number | undefined, device: string) {
  const visits = [{ device, phone: "phone-1", component: "app-ios", version: "4.2.0" }];
  const response = await fetch(`http://127.0.0.1:${port}/visits`, {
    method: "POST",
    body: JSON.stringify({ visits }),
  });
  return ((await response.json()) as VisitsResponse).answers[0];
}

test("an agent runs its factory image, answers phones, tells the server, and takes everything with it", async () => {
  const { server, options, stop } = await setup();
  const running = runAgent(options);
  onTestFinished(async () => {
    stop();
    await running;
  });
  const told = (): boolean => server.attributes[deviceAttribute.version] === "1.9.4";
  for (let waited = 0; waited < 100 && !told(); waited++) await delay(50);
  expect(await visit(options.linkPort, "fan-1")).toEqual({
    device: "fan-1",
    hardware: "fan-a1",
    component: "fan",
    version: "1.9.4",
    answering: true,
  });
  expect(await visit(options.linkPort, "fan-2")).toMatchObject({ device: "fan-2", answering: false });
  for (let waited = 0; waited < 100 && !server.attributes[deviceAttribute.apps]; waited++) await delay(50);
  expect(server.attributes).toEqual({
    [deviceAttribute.hardware]: "fan-a1",
    [deviceAttribute.version]: "1.9.4",
    [deviceAttribute.apps]: "app-ios@4.2.0",
  });
  expect((await thrownBy(() => runAgent(options))).code).toBe("IOT_AGENT_DIR_IN_USE");

  stop();
  await running;
  await expect(fetch(`http://127.0.0.1:${options.payloadPort}/health`)).rejects.toThrow("fetch failed");
  expect(existsSync(join(options.dir, "payload.json"))).toBe(false);
  lockStateDirectory(options.dir).release();
});

test("what keeps it from starting is said, and nothing is left running", async () => {
  const { dir, server, options } = await setup();
  const missing = { imageFile: join(dir, "nowhere.bin"), version: "1.9.4" };
  expect((await thrownBy(() => runAgent({ ...options, factory: missing }))).code).toBe("IOT_FILE_UNREADABLE");
  const taken = Number(new URL(server.url).port);
  expect((await thrownBy(() => runAgent({ ...options, linkPort: taken }))).code).toBe("IOT_PORT_IN_USE");
  await expect(fetch(`http://127.0.0.1:${options.payloadPort}/health`)).rejects.toThrow("fetch failed");
  lockStateDirectory(options.dir).release();
});

test("an agent that is stopped while its payload comes up stops at once and in peace", async () => {
  const { options, stop, dir } = await setup();
  writeFileSync(join(dir, "factory.bin"), fanImage("fan-a1", "faulty"));
  const running = runAgent(options);
  await delay(300);
  stop();
  await running;
  await expect(fetch(`http://127.0.0.1:${options.payloadPort}/health`)).rejects.toThrow("fetch failed");
});

test("errors of the server have codes of their own", async () => {
  const server = await DdiServer.start();
  const connections = openConnections(1);
  onTestFinished(() => closeConnections(connections));
  const client = new HttpDdiClient({ serverUrl: server.url, deviceId: "fan-1", token: "wrong", connections });
  const refused = await thrownBy(() => client.poll());
  expect(refused).toMatchObject({ code: "IOT_AGENT_SERVER_ANSWER", exit: 7 });
  expect(refused.message).toContain("status 401");
  expect(refused.hints.join()).toContain("--token-file");
  expect(JSON.stringify([refused.message, refused.details])).not.toContain("wrong");
  server.fault = () => "cut";
  expect(await thrownBy(() => client.poll())).toMatchObject({
    code: "IOT_AGENT_SERVER_UNREACHABLE",
    exit: 7,
  });
});

test("a signed release may be as big as servers take them, and no bigger", async () => {
  const maxBytes = 4 * 1024 * 1024;
  let sizeBytes = maxBytes;
  const server = createServer((_request, response) => void response.end(Buffer.alloc(sizeBytes)));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const connections = openConnections(1);
  onTestFinished(() => {
    closeConnections(connections);
    server.close();
  });
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new HttpDdiClient({ serverUrl, deviceId: "fan-1", token: "t", connections });
  expect(await client.document(serverUrl)).toHaveLength(maxBytes);
  sizeBytes++;
  expect((await thrownBy(() => client.document(serverUrl))).message).toContain(`more than ${maxBytes} bytes`);
});

test("the token goes to the server alone", async () => {
  const [server, stranger] = [await DdiServer.start(), await DdiServer.start()];
  const connections = openConnections(1);
  onTestFinished(() => closeConnections(connections));
  const { deviceId, token } = server;
  const client = new HttpDdiClient({ serverUrl: server.url, deviceId, token, connections });
  // The stranger answers 401 to whoever does not bring the token.
  const elsewhere = `${stranger.url}/DEFAULT/controller/v1/${deviceId}`;
  expect((await thrownBy(() => client.document(elsewhere))).message).toContain("status 401");
  expect(stranger.requests).toEqual(["GET /"]);
});
