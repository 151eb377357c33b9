import { describe, expect, it } from "vitest";
import type { Device, FleetBackend } from "../../src/fleet/fleet-backend.ts";
import type { Release } from "../../src/manifest/release.ts";
import { observeLiveField } from "../../src/rollout/live-field.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { tell } from "../../src/rollout/advance.ts";
import type { StorefrontStatus } from "../../src/storefronts/storefront.ts";
import { fanConfig } from "../support/fan-rollout.ts";
import { MemoryJournals } from "../support/memory-journal.ts";

const dayMs = 86_400_000;
const nowMs = 100 * dayMs;

const release: Release = {
  apiVersion: "iotctl.dev/v1",
  kind: "Release",
  product: "fan",
  version: "1.0.0",
  components: {
    app: { kind: "app", version: "4.2.0", platform: "ios", id: "x", artifact: "x", requires: {} },
    fan: { kind: "firmware", version: "2.0.0", variants: { a1: "x" }, requires: {} },
    cloud: { kind: "service", version: "5.2.0", requires: {} },
  },
  known: { cloud: { "5.0.0": { requires: {} }, "5.1.0": { requires: {} } } },
  rollout: { stages: [] },
  gates: {},
  retire: { belowPercent: 1, unseenMs: 30 * dayMs },
  pairing: "observed",
  onFailure: "hold",
};

function device(id: string, more: Partial<Device>): Device {
  return {
    id,
    hardware: "a1",
    labels: {},
    reportedVersion: "1.9.4",
    pairedApps: [],
    lastContactAtMs: nowMs,
    activeAssignmentId: null,
    ...more,
  };
}

async function live(
  devices: readonly Device[],
  status: StorefrontStatus = { releases: [], installed: null },
  journals = new MemoryJournals(),
) {
  const fleet = { listDevices: async () => ({ devices, next: null }) } as unknown as FleetBackend;
  const storefront = { status: async () => status } as never;
  return (await observeLiveField(release, { fleet, storefront, journals }, nowMs)).live;
}

describe("the live field", () => {
  it("is what devices report that were seen lately and have the hardware", async () => {
    const devices = [
      device("a", {}),
      device("b", { reportedVersion: "1.8.0" }),
      device("gone", { reportedVersion: "1.0.0", lastContactAtMs: nowMs - 31 * dayMs }),
      device("never", { reportedVersion: "1.1.0", lastContactAtMs: null }),
      device("silent", { reportedVersion: null }),
      device("other", { reportedVersion: "9.0.0", hardware: "lamp" }),
    ];
    expect((await live(devices))["fan"]).toEqual(["1.8.0", "1.9.4"]);
  });

  it("leaves out a version that so few use that it counts as gone", async () => {
    const many = Array.from({ length: 199 }, (_, index) => device(`d${index}`, {}));
    expect((await live([...many, device("last", { reportedVersion: "1.8.0" })]))["fan"]).toEqual(["1.9.4"]);
  });

  it("keeps a version of which it cannot tell that so few use it", async () => {
    const many = Array.from({ length: 298 }, (_, index) => device(`d${index}`, {}));
    const last = device("last", { reportedVersion: "1.8.0" });
    for (const [index, more] of [{ reportedVersion: null }, { hardware: "" }].entries()) {
      const silent = Array.from({ length: 3 }, (_, id) => device(`silent${index}-${id}`, more));
      expect((await live([...many, last, silent[0]!]))["fan"]).toEqual(["1.9.4"]);
      expect((await live([...many, last, ...silent]))["fan"]).toEqual(["1.8.0", "1.9.4"]);
    }
  });

  it("knows apps from the store, or from the devices where the store cannot tell", async () => {
    const devices = [device("a", { pairedApps: [{ component: "app", version: "4.0.0" }] })];
    expect((await live(devices))["app"]).toEqual(["4.0.0"]);
    const installed = [{ version: "4.1.0", users: 3 }];
    expect((await live(devices, { releases: [], installed }))["app"]).toEqual(["4.1.0"]);
  });

  it("counts what the store offers now, whoever has it yet, and not what it offered before", async () => {
    const releases = [
      { version: "3.0.0", state: "completed", percent: 100 },
      { version: "4.1.0", state: "completed", percent: 100 },
      { version: "4.2.0", state: "exposed", percent: 1 },
      { version: "4.3.0", state: "draft", percent: 0 },
      { version: "4.0.0", state: "halted", percent: 5 },
    ] as const;
    expect((await live([], { releases, installed: [] }))["app"]).toEqual(["4.1.0", "4.2.0"]);
  });

  it("does not take another product's service for its own, nor fail on a version that is none", async () => {
    const journals = new MemoryJournals();
    const config = fanConfig();
    const other = { ...config, resolved: { ...config.resolved, product: "lamp" } };
    const journal = await startRollout(journals, other, 0);
    await tell(journal, { type: "effect-done", key: "deploy:cloud@5.2.0" }, 1);
    const odd = [device("a", {}), device("b", { reportedVersion: "ci-build" })];
    const found = await live(odd, undefined, journals);
    expect(found).toMatchObject({ cloud: ["5.0.0", "5.1.0"], fan: ["ci-build", "1.9.4"] });
  });

  it("takes a service for what was deployed last, else for anything that is known", async () => {
    expect((await live([]))["cloud"]).toEqual(["5.0.0", "5.1.0"]);
    const journals = new MemoryJournals();
    const journal = await startRollout(journals, fanConfig(), 0);
    await tell(journal, { type: "effect-done", key: "deploy:cloud@5.2.0" }, 1);
    expect((await live([], undefined, journals))["cloud"]).toEqual(["5.2.0"]);
  });
});
