/**
 * How many devices of each firmware have not been seen for so long that they do not count any more.
 * When a device stops and starts to count is known as soon as it goes away, so only the sums per
 * control interval are kept.
 */
export class UnseenDevices {
  readonly #intervalS: number;
  readonly #firmwares: number;
  readonly #changes: Int32Array;
  readonly #now: Int32Array;

  constructor(firmwares: number, intervals: number, intervalS: number) {
    this.#intervalS = intervalS;
    this.#firmwares = firmwares;
    this.#changes = new Int32Array((intervals + 2) * firmwares);
    this.#now = new Int32Array(firmwares);
  }

  /** A device that runs `firmware` does not count from one instant to another. */
  add(firmware: number, fromS: number, untilS: number): void {
    if (untilS <= fromS) return;
    this.#change(firmware, fromS, 1);
    this.#change(firmware, untilS, -1);
  }

  /** Comes to the look at the end of an interval. */
  advance(interval: number): void {
    for (let firmware = 0; firmware < this.#firmwares; firmware++) {
      const change = this.#changes[(interval + 1) * this.#firmwares + firmware] ?? 0;
      this.#now[firmware] = this.#now[firmware]! + change;
    }
  }

  count(firmware: number): number {
    return this.#now[firmware]!;
  }

  /** What happens in an interval shows in the look at its end. */
  #change(firmware: number, atS: number, by: number): void {
    const at = (Math.floor(atS / this.#intervalS) + 1) * this.#firmwares + firmware;
    if (atS < 0) this.#now[firmware] = this.#now[firmware]! + by;
    else if (at < this.#changes.length) this.#changes[at] = this.#changes[at]! + by;
  }
}
