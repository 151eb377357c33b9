/** Later than any simulation ends. */
export const never = 0x7fffffff;

const nobody = -1;

/**
 * Who is due in which control interval: a linked list per interval through one array, so that a
 * million sites cost two writes each. A site can be entered once at a time.
 */
export class Calendar {
  readonly #intervalS: number;
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #due: Int32Array;
  #size = 0;

  constructor(sites: number, intervals: number, intervalS: number) {
    this.#intervalS = intervalS;
    this.#first = new Int32Array(intervals).fill(nobody);
    this.#next = new Int32Array(sites);
    this.#due = new Int32Array(sites);
  }

  /** How many sites are entered. */
  get size(): number {
    return this.#size;
  }

  /** What is due after the last interval is forgotten. */
  add(site: number, atS: number): void {
    const interval = Math.floor(atS / this.#intervalS);
    if (interval >= this.#first.length) return;
    this.#next[site] = this.#first[interval]!;
    this.#first[interval] = site;
    this.#size++;
  }

  /** Takes out who is due in an interval; the array is good until the next call. */
  take(interval: number): Int32Array {
    let count = 0;
    for (let site = this.#first[interval] ?? nobody; site !== nobody; site = this.#next[site]!) {
      this.#due[count++] = site;
    }
    if (interval < this.#first.length) this.#first[interval] = nobody;
    this.#size -= count;
    return this.#due.subarray(0, count);
  }

  clear(): void {
    this.#first.fill(nobody);
    this.#size = 0;
  }
}
