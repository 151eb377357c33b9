/**
 * Whether a device meets anybody. `late`: it does again, after it was away for so long that the release
 * did not count it any more, and still runs what it ran then.
 */
export const presence = { on: 0, off: 1, late: 2 } as const;

const presences = 3;

/**
 * How many sites hold which app, which firmware and which staged firmware, with the device present or
 * not, and for how long they did. The time a combination existed is kept as one sum: leaving adds the instant, entering takes
 * it off, so no site needs to remember since when. Whole seconds, so the sums are exact in any order.
 */
export class Meetings {
  readonly #firmwares: number;
  readonly #staged: number;
  /** Sites by combination. */
  readonly sites: Int32Array;
  readonly #siteSeconds: Float64Array;
  readonly #seen: number[] = [];
  readonly #isSeen: Uint8Array;

  /** The counts of versions, each with the 0 that stands for none. */
  constructor(apps: number, firmwares: number, staged: number) {
    this.#firmwares = firmwares;
    this.#staged = staged;
    const cells = apps * firmwares * staged * presences;
    this.sites = new Int32Array(cells);
    this.#siteSeconds = new Float64Array(cells);
    this.#isSeen = new Uint8Array(cells);
  }

  /** Every combination that there has been at some site. */
  get seen(): readonly number[] {
    return this.#seen;
  }

  /** The number of a combination. */
  cell(app: number, firmware: number, staged: number, present: number): number {
    return ((app * this.#firmwares + firmware) * this.#staged + staged) * presences + present;
  }

  appOf(cell: number): number {
    return Math.floor(cell / (presences * this.#firmwares * this.#staged));
  }

  firmwareOf(cell: number): number {
    return Math.floor(cell / (presences * this.#staged)) % this.#firmwares;
  }

  stagedOf(cell: number): number {
    return Math.floor(cell / presences) % this.#staged;
  }

  presenceOf(cell: number): number {
    return cell % presences;
  }

  enter(cell: number, atS: number): void {
    if (this.#isSeen[cell] === 0) {
      this.#isSeen[cell] = 1;
      this.#seen.push(cell);
    }
    this.sites[cell] = this.sites[cell]! + 1;
    this.#siteSeconds[cell] = this.#siteSeconds[cell]! - atS;
  }

  leave(cell: number, atS: number): void {
    this.sites[cell] = this.sites[cell]! - 1;
    this.#siteSeconds[cell] = this.#siteSeconds[cell]! + atS;
  }

  /** Site-seconds that a combination has existed until `untilS`. */
  siteSeconds(cell: number, untilS: number): number {
    return this.#siteSeconds[cell]! + this.sites[cell]! * untilS;
  }
}
