import type { Clock } from "../../base/clock.ts";
import type { TurnHold } from "./journal.ts";
import { beginningLocked, rolloutLocked, turnLost } from "./rollout-locked.ts";

/** A right that runs out unless it is renewed, where no lock of an operating system ends with its process. */
export interface Lease {
  /** By this process's own clock: what is not renewed for too long counts as lost. */
  readonly isHeld: boolean;
  /** False when another has it. */
  take(): Promise<boolean>;
  /** Runs work while the lease, which must have been taken, is renewed; then lets go of it. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/** How long a turn lasts that nobody renews. */
export const turnMs = 60_000;
/** Shorter than anybody waits for it, so that nobody fails because of one who died while beginning. */
export const beginningMs = 12_000;

/** A turn with a rollout, for as long as its lease holds; IOT_ROLLOUT_LOCKED when another has it. */
export async function takeTurn<T>(
  lease: Lease,
  rolloutId: string,
  work: (hold: TurnHold) => Promise<T>,
): Promise<T> {
  if (!(await lease.take())) throw rolloutLocked(rolloutId);
  const assertHeld = (): void => {
    if (!lease.isHeld) throw turnLost(rolloutId);
  };
  return lease.during(() => work({ assertHeld }));
}

/** Runs work as the only one who begins a rollout; waits a bounded time, then IOT_ROLLOUT_LOCKED. */
export async function beginAlone<T>(
  lease: Lease,
  { clock, pollMs, waitMs }: { readonly clock: Clock; readonly pollMs: number; readonly waitMs: number },
  work: () => Promise<T>,
): Promise<T> {
  for (let waitedMs = 0; !(await lease.take()); waitedMs += pollMs) {
    if (waitedMs >= waitMs) throw beginningLocked(waitMs);
    await clock.sleep(pollMs);
  }
  return lease.during(work);
}
