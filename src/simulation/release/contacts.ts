import { never } from "./calendar.ts";
import { chanceOf, type Chances, longTailed } from "./chances.ts";
import type { SimulationModel } from "./simulation-model.ts";
import type { Sites } from "./sites.ts";

/** When devices talk to the fleet: each at its own instants, from when it is back until it falls silent. */
export class Contacts {
  readonly #sites: Sites;
  readonly #model: SimulationModel["devices"];
  readonly #chances: Chances;
  readonly #endedAtS = new Map<number, number>();

  constructor(options: {
    readonly sites: Sites;
    readonly model: SimulationModel;
    readonly chances: Chances;
  }) {
    this.#sites = options.sites;
    this.#model = options.model.devices;
    this.#chances = options.chances;
  }

  /** A device is never heard of again. */
  end(site: number, atS: number): void {
    this.#endedAtS.set(site, atS);
  }

  /** The first poll after an instant; `never` when there is none. */
  nextS(site: number, afterS: number): number {
    const awayUntilS = this.#sites.awayUntilS[site]!;
    if (awayUntilS > afterS) return awayUntilS;
    const { pollIntervalS } = this.#model;
    const firstS = this.#sites.pollAtS[site]!;
    if (this.#endedAtS.has(site)) return never;
    return firstS + Math.max(0, Math.floor((afterS - firstS) / pollIntervalS) + 1) * pollIntervalS;
  }

  /** When the fleet last heard of a device before an instant; negative: before the simulation began. */
  lastS(site: number, beforeS: number): number {
    const awayUntilS = this.#sites.awayUntilS[site]!;
    if (awayUntilS >= beforeS) return -this.awayForS(site);
    const endedAtS = this.#endedAtS.get(site);
    if (endedAtS !== undefined) return endedAtS;
    const { pollIntervalS } = this.#model;
    const firstS = this.#sites.pollAtS[site]!;
    const pollS = firstS + Math.floor((beforeS - 1 - firstS) / pollIntervalS) * pollIntervalS;
    return Math.max(pollS, awayUntilS);
  }

  /** How long a device that is away when the simulation begins had been away by then. */
  awayForS(site: number): number {
    const { awayMedianS, awayNinthS, pollIntervalS } = this.#model;
    if (this.#sites.awayUntilS[site] === 0) return pollIntervalS - this.#sites.pollAtS[site]!;
    return Math.min(
      Math.ceil(longTailed(this.#chances.of(site, chanceOf.awaySince), awayMedianS, awayNinthS)),
      never / 2,
    );
  }
}
