import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { Assignment, Device, DeviceOutcome } from "../../src/fleet/fleet-backend.ts";
import type { RolloutConfig } from "../../src/rollout/engine/state.ts";
import type { RolloutPorts } from "../../src/rollout/rollout-ports.ts";
import { device, fanConfig, outcome, planOf, stage, wave } from "./fan-rollout.ts";

/** Some fans that a rollout of `quickConfig` reaches, whose backend can be told to fail. */
export class SmallField {
  readonly clock = new VirtualClock();
  readonly calls: string[] = [];
  readonly outcomes = new Map<string, Map<string, DeviceOutcome>>();
  devices: readonly Device[];
  /** Throws where a call is to fail. */
  strike: (call: string) => void = () => {};

  constructor(count: number) {
    this.devices = Array.from({ length: count }, (_, index) => device(`d${index}`));
  }

  /** Every assigned device runs what it was given. */
  updateAll(): void {
    for (const given of this.outcomes.values()) {
      for (const id of given.keys()) {
        const now = this.clock.now();
        const times = { closedAtMs: now, reportedAtMs: now + 1, lastContactAtMs: now + 1 };
        given.set(id, outcome(id, { state: "succeeded", reportedVersion: "2.0.0", ...times }));
      }
    }
    this.#see((each) => ({ ...each, reportedVersion: "2.0.0" }));
  }

  #see(change: (device: Device) => Device): void {
    this.devices = this.devices.map((each) => ({ ...change(each), lastContactAtMs: this.clock.now() + 1 }));
  }

  #call(call: string): void {
    this.strike(call);
    this.calls.push(call);
  }

  readonly ports: RolloutPorts = {
    fleet: {
      name: "small",
      listDevices: async () => ({ devices: this.devices, next: null }),
      ensureArtifact: async () => {},
      ensureAttestation: async () => {},
      assign: async ({ id }: Assignment, deviceIds: readonly string[]) => {
        this.#call(`assign ${id} ${deviceIds.toSorted().join()}`);
        const given = this.outcomes.get(id) ?? new Map<string, DeviceOutcome>();
        this.outcomes.set(id, given);
        for (const each of deviceIds) if (!given.has(each)) given.set(each, outcome(each));
        return { assigned: deviceIds, refused: [] };
      },
      observe: async (id: string) => ({ outcomes: [...(this.outcomes.get(id)?.values() ?? [])], next: null }),
      cancel: async (id: string) => {
        this.#call(`cancel ${id}`);
        return { canceled: [], requested: [] };
      },
    },
    storefront: { status: async () => ({ releases: [], installed: null }) } as never,
    store: {
      async *openBlob() {
        yield new Uint8Array([1]);
      },
    } as never,
    services: { deploy: async () => {} },
    clock: this.clock,
  };
}

/** A rollout of one firmware version to everybody at once, without gates. */
export function quickConfig(version = "1.0.0", product = "fan"): RolloutConfig {
  const everybody = wave({ kind: "percent", percent: 100 }, 100);
  const config = fanConfig({
    gates: {},
    onFailure: "hold",
    plan: planOf("introduce fan 2.0.0"),
    stages: [stage("all", { gates: [], bakeMs: 0, waves: [everybody] })],
  });
  return { ...config, resolved: { ...config.resolved, product, version } };
}
