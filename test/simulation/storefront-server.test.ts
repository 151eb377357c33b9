import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAppLink, type Visit, type VisitAnswer, type VisitsRequest } from "../../src/agent/app-link.ts";
import { listen } from "../../src/base/listen.ts";
import { seededRandom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import {
  type StorefrontServer,
  type StorefrontServerOptions,
  startStorefrontServer,
} from "../../src/simulation/storefront-server.ts";
import { LocalStorefront } from "../../src/storefronts/local/local-storefront.ts";
import { Rehearsal } from "../../src/storefronts/local/rehearsal.ts";
import type { Phone } from "../../src/storefronts/local/wire.ts";

const hourMs = 3_600_000;
let dir = "";
let clock: VirtualClock;
let servers: { close(): unknown }[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "iotctl-storefront-"));
  clock = new VirtualClock(0);
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.close();
  rmSync(dir, { recursive: true });
});

async function start(overrides: Partial<StorefrontServerOptions> = {}): Promise<StorefrontServer> {
  const server = await startStorefrontServer({
    dir,
    clock,
    random: seededRandom(3),
    // One turn of the phones is one simulated minute.
    timeScale: 1200,
    adoptionMeanMs: hourMs,
    visitIntervalMs: hourMs,
    eagerPercent: 0,
    reviewDelayMs: 0,
    ...overrides,
  });
  servers.push(server);
  return server;
}

async function startLink(answer: (visit: Visit) => VisitAnswer): Promise<string> {
  const link = await openAppLink({ port: 0, log: () => {}, receive: async (visit) => answer(visit) });
  servers.push(link);
  return link.url;
}

/** A link that is no device's: whoever sends it visits gets what `respond` says. */
async function startOddLink(respond: (visits: readonly Visit[]) => unknown, status = 200): Promise<string> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { visits } = (await json(request)) as VisitsRequest;
    response.writeHead(status).end(JSON.stringify(respond(visits)));
  };
  const server = createServer((request, response) => void answer(request, response));
  servers.push({ close: () => (server.closeAllConnections(), server.close()) });
  return listen(server, "127.0.0.1", 0);
}

function phones(count: number, overrides: Partial<Phone> = {}): Phone[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `phone-${index}`,
    component: "app",
    version: "4.1.0",
    device: `device-${index}`,
    ...overrides,
  }));
}

/** Lets simulated hours pass, with room for real sockets in between. */
async function pass(hours: number, until: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < hours * 60; turn++) {
    await clock.advance(50);
    if (turn % 60 === 59 && (await until())) return;
  }
}

describe("the phones of a storefront", () => {
  it("visit their devices, and the tally says which versions met", async () => {
    const { url } = await start();
    const rehearsal = new Rehearsal({ url });
    const link = await startLink(({ device }) => ({
      device,
      component: "fan",
      version: device === "device-0" ? "1.9.4" : "2.0.0",
      hardware: "fan-a1",
      answering: device !== "device-1",
    }));
    await rehearsal.setLinks([{ url: link, devices: "*" }]);
    await rehearsal.setPhones(phones(3));
    await pass(10, async () => (await rehearsal.meetings()).visits.met >= 10);

    const { meetings, visits } = await rehearsal.meetings();
    const app = { component: "app", version: "4.1.0" };
    expect(meetings).toEqual([
      { app, device: { component: "fan", version: "1.9.4" }, answering: true, count: expect.any(Number) },
      { app, device: { component: "fan", version: "2.0.0" }, answering: false, count: expect.any(Number) },
      { app, device: { component: "fan", version: "2.0.0" }, answering: true, count: expect.any(Number) },
    ]);
    expect(meetings.reduce((total, meeting) => total + meeting.count, 0)).toBe(visits.met);
    expect(visits).toMatchObject({ failed: 0, unlinked: 0 });
  });

  it("find their link by their own word, then by device, then by default", async () => {
    const { url } = await start();
    const rehearsal = new Rehearsal({ url });
    const linkOf = (version: string): Promise<string> =>
      startLink(({ device }) => ({ device, component: "fan", version, hardware: "a", answering: true }));
    const [own, named, rest] = [await linkOf("1.0.0"), await linkOf("2.0.0"), await linkOf("3.0.0")];
    await rehearsal.setLinks([
      { url: rest, devices: "*" },
      { url: named, devices: ["device-1"] },
    ]);
    const [first, second, third] = phones(3);
    await rehearsal.setPhones([{ ...first!, link: own }, second!, third!]);
    const versions = async (): Promise<string[]> =>
      (await rehearsal.meetings()).meetings.map((meeting) => meeting.device.version);
    await pass(10, async () => (await versions()).length === 3);
    expect(await versions()).toEqual(["1.0.0", "2.0.0", "3.0.0"]);
  });

  it("count a visit that nobody answers, or that leads nowhere, and go on", async () => {
    const { url } = await start();
    const rehearsal = new Rehearsal({ url });
    const [first, second, third, fourth] = phones(4);
    const broken = await startOddLink(() => ({}), 500);
    const vague = await startLink(({ device }) => ({
      device,
      component: "",
      version: "",
      hardware: "",
      answering: false,
    }));
    await rehearsal.setPhones([
      { ...first!, link: broken },
      { ...second!, link: vague },
      { ...third!, link: "http://127.0.0.1:1/" },
      fourth!,
    ]);
    await pass(10, async () => {
      const { failed, unlinked } = (await rehearsal.meetings()).visits;
      return failed >= 9 && unlinked >= 3;
    });
    const { meetings, visits } = await rehearsal.meetings();
    expect(meetings).toEqual([]);
    expect(visits.met).toBe(0);
    expect(visits.failed).toBeGreaterThanOrEqual(9);
    expect(visits.unlinked).toBeGreaterThanOrEqual(3);
  });

  it("keep what they have installed when the same users are introduced again", async () => {
    const { url } = await start();
    const rehearsal = new Rehearsal({ url });
    await rehearsal.setPhones(phones(2, { version: "4.2.0" }));
    await rehearsal.setPhones([...phones(3), { ...phones(1)[0]!, id: "other" }]);
    expect((await rehearsal.phones()).versions).toEqual([
      { component: "app", version: "4.1.0", phones: 2 },
      { component: "app", version: "4.2.0", phones: 2 },
    ]);
    await rehearsal.setPhones(phones(2, { component: "another" }));
    expect((await rehearsal.phones()).versions).toEqual([
      { component: "another", version: "4.1.0", phones: 2 },
    ]);
  });

  it("are all visited in time through one link, in batches", async () => {
    const { url } = await start({ visitIntervalMs: 1 });
    const rehearsal = new Rehearsal({ url });
    const batches: number[] = [];
    const link = await startOddLink((visits) => {
      batches.push(visits.length);
      return {
        answers: visits.map(({ device }) => ({
          device,
          component: "fan",
          version: "1.0.0",
          answering: true,
        })),
      };
    });
    await rehearsal.setLinks([{ url: link, devices: "*" }]);
    await rehearsal.setPhones(phones(5000));
    await pass(100, async () => (await rehearsal.meetings()).visits.met >= 5000);
    expect((await rehearsal.meetings()).visits).toMatchObject({ failed: 0, unlinked: 0 });
    expect(Math.max(...batches)).toBe(256);
  });
});

describe("the storefront server", () => {
  it("writes where it listens, and takes it back when it stops", async () => {
    const server = await start();
    const address = join(dir, "address.json");
    expect(JSON.parse(readFileSync(address, "utf8"))).toEqual({ url: server.url, pid: process.pid });
    await server.close();
    servers = [];
    expect(existsSync(address)).toBe(false);
  });

  it("goes on after a restart where it was, in simulated time too", async () => {
    const app = {
      component: "app",
      platform: "ios",
      appId: "a.b",
      digest: `sha256:${"a".repeat(64)}`,
    } as const;
    const first = await start({ reviewDelayMs: hourMs });
    const before = new LocalStorefront({ url: first.url, reviewWaitMs: 0 });
    await before.publish({ ...app, version: "4.2.0" });
    await new Rehearsal({ url: first.url }).setPhones(phones(40));
    await first.close();
    servers = [];

    await clock.advance(hourMs / 1200);
    const { url } = await start({ reviewDelayMs: hourMs, timeScale: 60 });
    const after = new LocalStorefront({ url, reviewWaitMs: 0 });
    await after.expose("app", "4.2.0", 25);
    expect(await after.status("app")).toEqual({
      releases: [{ version: "4.2.0", state: "exposed", percent: 25 }],
      installed: [{ version: "4.1.0", users: 40 }],
    });
  });

  it("refuses a directory that another storefront holds", async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ code: "IOT_STOREFRONT_IN_USE", exit: 6 });
  });

  it("refuses a port that is taken, and lets go of its directory", async () => {
    const other = createServer();
    const url = await listen(other, "127.0.0.1", 0);
    servers.push(other);
    const port = Number(new URL(url).port);
    await expect(start({ port })).rejects.toMatchObject({
      code: "IOT_PORT_IN_USE",
      exit: 2,
      message: expect.stringContaining(String(port)),
    });
    await start();
  });

  it("refuses a state file that is none, and leaves it as it is", async () => {
    const path = join(dir, "storefront.sqlite");
    writeFileSync(path, "not a database, but long enough to be looked at ".repeat(100));
    await expect(start()).rejects.toMatchObject({ code: "IOT_STOREFRONT_STATE_INVALID", exit: 2 });
    expect(readFileSync(path, "utf8")).toMatch(/^not a database/);
  });

  it.each([
    ["no JSON", "/publish", "{", 400, "not JSON"],
    [
      "a version that is not semver",
      "/expose",
      { component: "a", version: "4.2", percent: 5 },
      400,
      "semver",
    ],
    ["a share above 100 %", "/expose", { component: "a", version: "4.2.0", percent: 101 }, 400, "100"],
    ["an unknown key", "/halt", { component: "a", version: "4.2.0", force: true }, 400, "force"],
    ["two phones with one id", "/population", { phones: [...phones(1), ...phones(1)] }, 400, "one id"],
    ["a link that is no http address", "/links", { links: [{ url: "file:///x", devices: "*" }] }, 400, "URL"],
    ["too many phones", "/population", { phones: phones(100_001) }, 400, "100000"],
    ["a name that no link takes", "/population", { phones: phones(1, { device: "a b" }) }, 400, "not a name"],
    ["an unknown path", "/nothing", {}, 404, "/nothing"],
  ])("refuses %s, and changes nothing", async (_, path, body, status, words) => {
    const { url } = await start();
    const response = await fetch(new URL(path, url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining(words) } });
    expect(await new Rehearsal({ url }).phones()).toEqual({ phones: 0, versions: [] });
  });

  it("refuses what a web page could send without asking, and other methods", async () => {
    const { url } = await start();
    const form = await fetch(new URL("/population", url), { method: "POST", body: `{"phones":[]}` });
    expect(form.status).toBe(415);
    const removal = await fetch(new URL("/population", url), { method: "DELETE" });
    expect(removal.status).toBe(405);
  });

  it("refuses a body without end", async () => {
    const { url } = await start();
    const megabyte = " ".repeat(1 << 20);
    const status = await fetch(new URL("/publish", url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: megabyte.repeat(65),
    }).then(
      (response) => response.status,
      () => "cut off",
    );
    expect([413, "cut off"]).toContain(status);
  });

  it("holds 100,000 phones", async () => {
    const { url } = await start();
    const rehearsal = new Rehearsal({ url });
    await rehearsal.setPhones(phones(100_000));
    expect(await rehearsal.phones()).toEqual({
      phones: 100_000,
      versions: [{ component: "app", version: "4.1.0", phones: 100_000 }],
    });
  });
});
