import type { Random } from "../../../src/base/random.ts";
import type { Freeze } from "../../../src/manifest/environment.ts";
import type { MetricSource } from "../../../src/metrics/metric-source.ts";
import type { RolloutPorts } from "../../../src/rollout/rollout-ports.ts";
import { type Call, modelFleet } from "./model-fleet.ts";
import { modelDeployer, modelStorefront, smallStore } from "./model-stores.ts";
import type { ModelWorld } from "./model-world.ts";
import type { Strike } from "./simulated-journal.ts";
import { away } from "./trouble.ts";

export interface PortsOptions {
  readonly random: Random;
  readonly strike: Strike;
  /** The chance that a deployment or a store refuses for good. */
  readonly refusals: number;
  /** The stores say how many use which version. */
  readonly storeCounts: boolean;
  /** How many of so many devices are assigned before the server dies; null: it does not. */
  readonly cut?: (devices: number) => number | null;
  readonly metrics?: MetricSource;
  /** What the clock of whoever is at work shows; absent: what it is in the world. */
  readonly now?: () => number;
  readonly freezes?: () => readonly Freeze[];
}

/** The doors of a model world: what a rollout needs of it. */
export function modelPorts(world: ModelWorld, options: PortsOptions): RolloutPorts {
  const { cut = () => null, freezes = () => [], now = () => world.nowMs, storeCounts, strike } = options;
  const call: Call = async (name, work) => {
    const before = strike("before", name);
    if (before) await before;
    const result = work();
    const after = strike("after", name);
    if (after) await after;
    return result;
  };
  const refusals = { random: options.random, chance: options.refusals };
  return {
    fleet: modelFleet(world, { call, cut, away }),
    storefront: modelStorefront(world, call, refusals, storeCounts),
    services: modelDeployer(world, call, refusals),
    store: smallStore,
    clock: { now, sleep: async () => {} },
    ...(options.metrics && { metrics: options.metrics }),
    get freezes() {
      return freezes();
    },
  };
}
