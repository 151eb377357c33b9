import type { Clock } from "../base/clock.ts";
import type { PayloadHealth, PayloadRunner } from "./payload-runner.ts";

const probeEveryMs = 200;

/**
 * Watches a payload that was just started until it answers with the promised version, or its time is
 * over. Returns null when it is healthy, else why it is not. A payload that ended gets no more time.
 */
export async function watchTrial(trial: {
  readonly payload: PayloadRunner;
  readonly clock: Clock;
  readonly version: string;
  readonly hardware: string;
  readonly trialMs: number;
}): Promise<string | null> {
  const { payload, clock, version, hardware, trialMs } = trial;
  const endMs = clock.now() + trialMs;
  for (;;) {
    const health = await payload.health();
    const complaint = complaintAbout(health, version, hardware);
    if (complaint === null || health.kind === "stopped" || clock.now() >= endMs) return complaint;
    await clock.sleep(Math.min(probeEveryMs, endMs - clock.now()));
  }
}

function complaintAbout(health: PayloadHealth, version: string, hardware: string): string | null {
  if (health.kind !== "healthy") return health.reason;
  if (health.version !== version) return `it says it is ${health.version}, promised was ${version}`;
  if (health.model !== null && health.model !== hardware)
    return `it is for ${health.model}, this is ${hardware}`;
  return null;
}
