import type { Clock } from "../../base/clock.ts";
import { IotctlError } from "../../base/errors.ts";
import { type ExclusiveLock, tryExclusiveLock } from "../../base/exclusive-lock.ts";

const lockWaitMs = 10_000;
const lockPollMs = 50;

/** Takes a lock; throws IOT_ROLLOUT_LOCKED when another process keeps it for too long. */
export async function waitForLock(file: string, what: string, clock: Clock): Promise<ExclusiveLock> {
  for (let waitedMs = 0; waitedMs <= lockWaitMs; waitedMs += lockPollMs) {
    const lock = tryExclusiveLock(file);
    if (lock) return lock;
    await clock.sleep(lockPollMs);
  }
  throw new IotctlError(
    "IOT_ROLLOUT_LOCKED",
    `Another process works on ${what} and did not finish within ${lockWaitMs / 1000} s.`,
    { hints: ["See what is under way: iotctl rollout list", "Then run the same command again"] },
  );
}
