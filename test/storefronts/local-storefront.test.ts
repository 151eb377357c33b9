import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { listen } from "../../src/base/listen.ts";
import { seededRandom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import {
  startStorefrontServer,
  type StorefrontServerOptions,
} from "../../src/simulation/storefront-server.ts";
import { LocalStorefront } from "../../src/storefronts/local/local-storefront.ts";
import { Rehearsal } from "../../src/storefronts/local/rehearsal.ts";
import type { AppRelease } from "../../src/storefronts/storefront.ts";
import { describeStorefront } from "../contract/storefront.ts";
import { HastyClock } from "../support/hasty-clock.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const hourMs = 3_600_000;
const app: AppRelease = {
  component: "app-ios",
  platform: "ios",
  appId: "com.example.fan",
  version: "4.2.0",
  digest: `sha256:${"a".repeat(64)}`,
};

async function withServer(
  overrides: Partial<StorefrontServerOptions>,
  body: (url: string, clock: VirtualClock) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock(0);
  const server = await startStorefrontServer({
    dir: temporaryDirectory(),
    clock,
    random: seededRandom(7),
    timeScale: hourMs,
    adoptionMeanMs: hourMs,
    visitIntervalMs: hourMs,
    eagerPercent: 0,
    reviewDelayMs: 0,
    ...overrides,
  });
  try {
    await body(server.url, clock);
  } finally {
    await server.close();
  }
}

for (const refuseEvery of [undefined, 2]) {
  const name = refuseEvery
    ? "the local storefront, turning away every second write,"
    : "the local storefront";
  describeStorefront(name, (body) =>
    withServer(refuseEvery ? { refuseEvery } : {}, (url, clock) =>
      body({
        storefront: new LocalStorefront({ url, clock: new HastyClock() }),
        setUsers: (component, version, users) =>
          new Rehearsal({ url, clock: new HastyClock() }).setPhones(
            Array.from({ length: users }, (_, index) => ({
              id: `phone-${index}`,
              component,
              version,
              device: `device-${index}`,
            })),
          ),
        settle: () => clock.advance(1000),
      }),
    ),
  );
}

describe("LocalStorefront", () => {
  it("waits for a short review and says when a long one is not over", () =>
    withServer({ timeScale: 1, reviewDelayMs: 60_000 }, async (url, clock) => {
      const patient = new LocalStorefront({ url, clock, reviewWaitMs: 120_000 });
      const hasty = new LocalStorefront({ url, clock, reviewWaitMs: 10_000 });
      await hasty.publish(app);
      await expect(hasty.expose("app-ios", "4.2.0", 10)).rejects.toMatchObject({
        code: "IOT_STOREFRONT_IN_REVIEW",
        exit: 4,
        message: expect.stringContaining("app-ios@4.2.0"),
      });
      expect((await hasty.status("app-ios")).releases).toEqual([
        { version: "4.2.0", state: "draft", percent: 0 },
      ]);

      let exposed = false;
      const exposing = patient.expose("app-ios", "4.2.0", 10).then(() => (exposed = true));
      await advanceUntil(() => exposed, clock);
      await exposing;
      expect(clock.now()).toBeGreaterThanOrEqual(60_000);
      expect((await patient.status("app-ios")).releases).toEqual([
        { version: "4.2.0", state: "exposed", percent: 10 },
      ]);
    }));

  it("gives up on a storefront that stays busy, after a bounded number of tries", () =>
    withServer({ refuseEvery: 1 }, async (url) => {
      await expect(new LocalStorefront({ url, clock: new HastyClock() }).publish(app)).rejects.toMatchObject({
        code: "IOT_STOREFRONT_UNREACHABLE",
        message: expect.stringContaining("busy"),
      });
    }));

  it("says that nobody answers, and how to start a storefront", async () => {
    let url = "";
    await withServer({}, async (running) => {
      url = running;
    });
    await expect(
      new LocalStorefront({ url, clock: new HastyClock() }).status("app-ios"),
    ).rejects.toMatchObject({
      code: "IOT_STOREFRONT_UNREACHABLE",
      exit: 7,
      message: expect.stringContaining("ECONNREFUSED"),
      hints: [expect.stringContaining("iotctl dev storefront")],
    });
  });

  it.each([
    ["another service's page", 200, "<html>hello</html>"],
    ["another service's error", 404, `{"error":"no such page"}`],
    ["an endless answer", 200, `{"releases":"${"x".repeat(2 << 20)}"}`],
  ])("takes %s for no storefront", async (_, status, body) => {
    const server = createServer((_request, response) => response.writeHead(status).end(body));
    const url = await listen(server, "127.0.0.1", 0);
    try {
      await expect(
        new LocalStorefront({ url, clock: new HastyClock() }).status("app-ios"),
      ).rejects.toMatchObject({
        code: "IOT_STOREFRONT_UNREACHABLE",
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("does not wait for ever for a storefront that accepts and says nothing", async () => {
    const server = createServer(() => {});
    const url = await listen(server, "127.0.0.1", 0);
    try {
      await expect(
        new LocalStorefront({ url, clock: new HastyClock(), timeoutMs: 50 }).halt("app-ios", "4.2.0"),
      ).rejects.toMatchObject({
        code: "IOT_STOREFRONT_UNREACHABLE",
        message: expect.stringContaining("timeout"),
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

/** Moves virtual time on in steps that leave real sockets room to answer. */
async function advanceUntil(done: () => boolean, clock: VirtualClock): Promise<void> {
  for (let step = 0; step < 2000 && !done(); step++) await clock.advance(100);
}
