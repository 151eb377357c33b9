import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import type { RolloutPorts } from "../../../src/rollout/rollout-ports.ts";
import { randomFor } from "./chance.ts";
import type { ModelDevice } from "./model-device.ts";
import { modelPorts, type PortsOptions } from "./model-ports.ts";
import { type Deed, ModelWorld, type WorldOptions } from "./model-world.ts";
import { type Scenario, scenarioOf } from "./scenario.ts";

type Inventory = Pick<WorldOptions, "devices" | "services" | "offered"> & { readonly startMs?: number };
type Options = Partial<PortsOptions & Pick<WorldOptions, "compatible" | "devicesJudge">>;

/** A model world that goes wrong only where it is told to, and a clock that others may sleep by. */
export class QuietField {
  readonly clock: VirtualClock;
  readonly ports: RolloutPorts;
  readonly #world: ModelWorld;

  constructor({ devices, offered, services, startMs = quietStartMs }: Inventory, more: Options = {}) {
    this.clock = new VirtualClock(startMs);
    this.#world = new ModelWorld({
      devices,
      services,
      offered,
      startMs,
      compatible: more.compatible ?? (() => true),
      devicesJudge: more.devicesJudge ?? true,
      circumstances: () => ({ knownRecord: 0, afterRecord: 0, atMs: startMs, turnLost: false }),
    });
    const ports = modelPorts(this.#world, {
      random: randomFor(1, 2),
      strike: () => {},
      refusals: 0,
      storeCounts: true,
      ...more,
    });
    this.ports = { ...ports, clock: this.clock };
  }

  get devices(): readonly ModelDevice[] {
    return this.#world.devices;
  }

  get deeds(): readonly Deed[] {
    return this.#world.deeds;
  }

  /** Moves time on, for sleepers and for the field. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    this.#world.pass(ms);
  }
}

/** A product whose rollout goes well, begins with a service, and asks no metrics. */
export function quietScenario(): Scenario {
  for (let seed = 5; ; seed += 5) {
    const scenario = scenarioOf(seed);
    const { gates, plan, resolved, stages } = scenario.config;
    const first = resolved.components[plan.steps[0]?.component ?? ""]?.kind;
    const waits = (stages[0]?.approvalsRequired ?? 0) > 0 || stages.some(({ windows }) => windows);
    if (first === "service" && Object.keys(gates).length === 2 && !waits) return scenario;
  }
}

/** Some Monday. */
export const quietStartMs = Date.UTC(2025, 11, 1);
