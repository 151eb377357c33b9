import type { Stage } from "../../manifest/release.ts";
import { chanceOf, type Chances } from "./chances.ts";
import type { SimulationModel } from "./simulation-model.ts";
import { deviceId, type Sites } from "./sites.ts";

/** Stages that are bounded find at least this many times the devices they take. */
const spare = 2;

/** Which devices carry the labels that the stages select by, each drawn once, in the order of cohorts. */
export class LabelledSites {
  readonly #byLabel = new Map<string, Int32Array>();

  constructor(options: {
    readonly stages: readonly Stage[];
    readonly sites: Sites;
    readonly model: SimulationModel;
    readonly chances: Chances;
  }) {
    const { chances, model, sites, stages } = options;
    for (const { waves } of stages) {
      for (const { devices } of waves) {
        if (devices.kind !== "label") continue;
        const { label, max, value } = devices;
        const key = `${label}=${value}`;
        if (this.#byLabel.has(key)) continue;
        const needed = max === null ? 0 : Math.min(1, (spare * max) / sites.count);
        const share = Math.max(model.devices.labelledPercent / 100, needed);
        this.#byLabel.set(key, draw(share, chanceOf.label + this.#byLabel.size, sites, chances));
      }
    }
  }

  /** Sites in the order in which a cohort takes them. */
  with(label: string, value: string): Int32Array {
    return this.#byLabel.get(`${label}=${value}`) ?? new Int32Array(0);
  }
}

function draw(share: number, what: number, { bucket, count }: Sites, chances: Chances): Int32Array {
  const found: number[] = [];
  for (let site = 0; site < count; site++) if (chances.of(site, what) < share) found.push(site);
  found.sort((a, b) => bucket[a]! - bucket[b]! || (deviceId(a) < deviceId(b) ? -1 : 1));
  return Int32Array.from(found);
}
