import type { Clock } from "../../../base/clock.ts";
import { type ExclusiveLock, tryExclusiveLock } from "../../../base/exclusive-lock.ts";

const pollMs = 10;

/** Takes a lock, waiting for at most `waitMs`; null when another process keeps it for longer. */
export async function waitForLock(file: string, waitMs: number, clock: Clock): Promise<ExclusiveLock | null> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const lock = tryExclusiveLock(file);
    if (lock || waitedMs >= waitMs) return lock;
    await clock.sleep(pollMs);
  }
}
