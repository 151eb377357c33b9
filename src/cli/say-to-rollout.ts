import type { Clock } from "../base/clock.ts";
import type { RolloutEvent } from "../rollout/engine/events.ts";
import type { RolloutState } from "../rollout/engine/state.ts";
import { rolloutLocked } from "../rollout/journal/rollout-locked.ts";
import type { LiveRollout } from "../rollout/live-rollout.ts";

/** Others may write this often before what a person says is in. */
const attemptsMax = 50;

/**
 * Writes down what a person says, behind whatever others write meanwhile: `event` is asked anew for each
 * state that it would be held against. It may throw where it makes no sense any more, and null is
 * nothing to say. False: nothing was written, since it would have changed nothing.
 */
export async function sayToRollout(
  live: LiveRollout,
  event: (state: RolloutState) => RolloutEvent | null,
  clock: Clock,
): Promise<boolean> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const said = event(live.state);
    if (said === null) return false;
    const taken = await live.take(said, clock.now());
    if (taken === "written") return true;
    if (taken === "nothing") return false;
  }
  throw rolloutLocked(live.journal.rolloutId);
}
