import type { Clock } from "../base/clock.ts";
import type { PayloadHealth, PayloadRunner } from "./payload-runner.ts";

const probeEveryMs = 200;

/**
 * Watches a payload that was just started. It has `trialMs` to answer with the promised version, and
 * must then go on doing so for `steadyMs`. Returns null when it did, else why not. A payload that ended
 * gets no more time. Takes at most `trialMs + steadyMs` and a probe.
 */
export async function watchTrial(trial: {
  readonly payload: PayloadRunner;
  readonly clock: Pick<Clock, "sleep">;
  readonly version: string;
  readonly hardware: string;
  readonly trialMs: number;
  readonly steadyMs: number;
  /** Milliseconds that no step of the wall clock touches. */
  readonly monotonicNow: () => number;
}): Promise<string | null> {
  const { payload, clock, version, hardware, trialMs, steadyMs, monotonicNow } = trial;
  const endMs = monotonicNow() + trialMs;
  let healthySinceMs: number | null = null;
  for (;;) {
    const health = await payload.health();
    const complaint = complaintAbout(health, version, hardware);
    const nowMs = monotonicNow();
    if (complaint !== null && (health.kind === "stopped" || nowMs >= endMs)) return complaint;
    healthySinceMs = complaint === null ? (healthySinceMs ?? nowMs) : null;
    const untilMs = healthySinceMs === null ? endMs : healthySinceMs + steadyMs;
    if (healthySinceMs !== null && nowMs >= untilMs) return null;
    await clock.sleep(Math.min(probeEveryMs, untilMs - nowMs));
  }
}

function complaintAbout(health: PayloadHealth, version: string, hardware: string): string | null {
  if (health.kind !== "healthy") return health.reason;
  if (health.version !== version) return `it says it is ${health.version}, promised was ${version}`;
  if (health.model !== null && health.model !== hardware)
    return `it is for ${health.model}, this is ${hardware}`;
  return null;
}
