import type { Clock } from "../../src/base/clock.ts";

/** A clock on which every sleep is over at once, and time moves on by it. For code that waits on real sockets. */
export class HastyClock implements Clock {
  #now = 1_700_000_000_000;

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#now += ms;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}
