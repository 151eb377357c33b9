import type { Clock } from "../base/clock.ts";

/** The same clock, on which every sleep ends with the signal: a device that is to stop stops at its next wait. */
export function abortableClock(clock: Clock, signal: AbortSignal): Clock {
  return { now: () => clock.now(), sleep: (ms) => clock.sleep(ms, signal) };
}
