import type { Clock } from "../../src/base/clock.ts";

/** A clock on which short pauses are over at once, and long ones never: nothing is renewed by it. */
export class ImpatientClock implements Clock {
  #nowMs = 1_700_000_000_000;

  now(): number {
    return this.#nowMs;
  }

  leap(ms: number): void {
    this.#nowMs += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms <= 1000) this.leap(ms);
    await new Promise<void>((resolve, reject) => {
      if (ms <= 1000) setImmediate(resolve);
      else signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}
