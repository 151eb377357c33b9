import { randomUUID } from "node:crypto";
import type { Clock } from "../../../base/clock.ts";
import type { Lease } from "../lease.ts";
import type { JournalBucket } from "./journal-bucket.ts";
import { numbered, numberOf } from "./numbered-names.ts";

/** For clocks that run differently, and ages that are known to the second. */
const marginMs = 5_000;
const removalsMax = 100;
/** What the newest object holds when nobody has the lease. */
const free = "{}";

/**
 * A lease as a row of numbered objects, of which the newest says who has it: each is written only
 * where none is, the one promise of a store that the records rest on as well. Nobody's clock is
 * compared with another's: the holder counts from before it asked, the others believe the store's
 * own word about how old the newest object is.
 */
export class S3Lease implements Lease {
  readonly #bucket: JournalBucket;
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #leaseMs: number;
  readonly #holder = randomUUID();
  /** Of the newest object, while that is ours. */
  #number: number | null = null;
  #heldUntilMs = -Infinity;

  /** `folder` ends with a slash. */
  constructor(bucket: JournalBucket, clock: Clock, folder: string, leaseMs: number) {
    this.#bucket = bucket;
    this.#clock = clock;
    this.#folder = folder;
    this.#leaseMs = leaseMs;
  }

  /** Whether it is held, by this process's own clock: what is not renewed for too long counts as lost. */
  get isHeld(): boolean {
    return this.#clock.now() < this.#heldUntilMs;
  }

  /** False when another has it. */
  async take(): Promise<boolean> {
    const names = await this.#bucket.names(this.#folder);
    const newest = numberOf(names.at(-1) ?? "");
    if (newest !== null && !(await this.#hasEnded(newest))) return false;
    await this.#hold((newest ?? 0) + 1);
    if (this.isHeld) await this.#removeAll(names);
    return this.isHeld;
  }

  /** Runs work while the lease, which must have been taken, is renewed three times in its length; then lets go of it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const renewing = this.#renewUntil(ending.signal);
    try {
      return await work();
    } finally {
      ending.abort();
      await renewing;
      // Should that not arrive, the lease ends by its age.
      if (this.#number !== null) await this.#write(this.#number + 1, free).catch(() => {});
    }
  }

  async #renewUntil(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(this.#leaseMs / 3, signal).catch(() => {});
      if (signal.aborted || this.#number === null || !this.isHeld) return;
      // A store that does not answer may do so the next time; until then the lease runs out.
      await this.#hold(this.#number + 1).catch(() => {});
    }
  }

  async #hold(number: number): Promise<void> {
    const askedAtMs = this.#clock.now();
    this.#number = await this.#write(number, JSON.stringify({ holder: this.#holder, askedAtMs }));
    this.#heldUntilMs = this.#number === null ? -Infinity : askedAtMs + this.#leaseMs;
  }

  /** Writes the newest object, and gives its number; null when that is another's. */
  async #write(number: number, text: string): Promise<number | null> {
    const name = numbered(number);
    const there = await this.#bucket.putIfAbsent(`${this.#folder}${name}`, text);
    if (there !== null && there !== text) {
      // An earlier attempt of ours, whose answer was lost, is older than this one.
      return there.includes(this.#holder) ? this.#write(number + 1, text) : null;
    }
    // Who comes very late may find a number free that was used and removed since.
    const newer = await this.#bucket.names(this.#folder, name);
    return newer.length === 0 ? number : null;
  }

  async #hasEnded(number: number): Promise<boolean> {
    const newest = await this.#bucket.get(`${this.#folder}${numbered(number)}`);
    // When it was removed meanwhile, another came behind it.
    return newest !== null && (newest.text === free || newest.ageMs > this.#leaseMs + marginMs);
  }

  /** They say nothing any more. What cannot be removed now, the next who takes the lease tries again. */
  async #removeAll(names: readonly string[]): Promise<void> {
    const removals = names.slice(0, removalsMax).map((name) => this.#bucket.remove(`${this.#folder}${name}`));
    await Promise.allSettled(removals);
  }
}
