import type { Clock } from "../../base/clock.ts";
import { Exit } from "../../base/error-codes.ts";
import { IotctlError } from "../../base/errors.ts";
import { describeRollout, type RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { isIdleUntilOpen } from "../../rollout/engine/is-stuck.ts";
import { hasEnded } from "../../rollout/engine/state.ts";
import { advance } from "../../rollout/advance.ts";
import type { RolloutJournal } from "../../rollout/journal/journal.ts";
import { LiveRollout } from "../../rollout/live-rollout.ts";
import type { RolloutPorts } from "../../rollout/rollout-ports.ts";
import { unfinishedEffects } from "../../rollout/engine/unfinished-effects.ts";

export interface FollowOptions {
  readonly journal: RolloutJournal;
  readonly ports: RolloutPorts;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Gives up looking after this long; the rollout stays as it is. Null: never. */
  readonly timeoutMs: number | null;
  /** Keep looking while people or more devices are needed, or nothing may begin for longer than the timeout. */
  readonly waitForPeople: boolean;
  readonly signal: AbortSignal;
  readonly onView: (view: RolloutView) => void | Promise<void>;
  /** A backend that is away is waited for; this is told what is wrong. */
  readonly onTrouble: (error: IotctlError) => void;
}

/** A backend may be away this long before following ends with its error. */
const troubleMaxMs = 5 * 60_000;
/** A gate that lacks devices is looked at this often before it counts as stuck. */
const stuckTurns = 3;

/** Turns the loop until the rollout has ended, needs people, or time is up. */
export async function followRollout(options: FollowOptions): Promise<RolloutView> {
  const { clock, journal, ports, signal } = options;
  const live = new LiveRollout(journal, ports.checkRecord);
  const startedAtMs = clock.now();
  let troubleSinceMs: number | null = null;
  let stuck = 0;
  for (;;) {
    if (signal.aborted) throw interrupted(journal.rolloutId);
    const isTurn = await turn(live, ports).catch((error: unknown) => {
      troubleSinceMs ??= clock.now();
      const waitable =
        error instanceof IotctlError && (error.exit === Exit.remote || error.exit === Exit.undecided);
      if (!waitable || clock.now() - troubleSinceMs > troubleMaxMs) throw error;
      options.onTrouble(error);
      return false;
    });
    if (isTurn) {
      troubleSinceMs = null;
      const view = describeRollout(live.state, clock.now());
      await options.onView(view);
      // Where another has the turn, what was to stop may go on for a while.
      const stops = view.status !== "completed" && unfinishedEffects(live.state).length > 0;
      if (hasEnded(view.status) && !stops) return view;
      stuck = view.stuck || opensTooLate(view, startedAtMs, options.timeoutMs) ? stuck + 1 : 0;
      const needsPeople =
        view.status === "awaiting-approval" || view.status === "paused" || stuck >= stuckTurns;
      if (needsPeople && !options.waitForPeople) return view;
      if (options.timeoutMs !== null && clock.now() - startedAtMs >= options.timeoutMs) return view;
    }
    await clock.sleep(options.intervalMs, signal).catch(() => {
      throw interrupted(journal.rolloutId);
    });
  }
}

/** Who looks for an hour has nothing to see before a window of next week. */
function opensTooLate(view: RolloutView, startedAtMs: number, timeoutMs: number | null): boolean {
  if (!isIdleUntilOpen(view)) return false;
  const opensAtMs = view.closed?.opensAtMs ?? Infinity;
  return opensAtMs === Infinity || (timeoutMs !== null && opensAtMs - startedAtMs > timeoutMs);
}

/** Where another process moves the rollout, such as the server's controller, it is only looked at. */
async function turn(live: LiveRollout, ports: RolloutPorts): Promise<true> {
  try {
    await advance(live.journal, ports, live);
  } catch (error) {
    if (!(error instanceof IotctlError) || error.code !== "IOT_ROLLOUT_LOCKED") throw error;
    await live.catchUp();
  }
  return true;
}

function interrupted(rolloutId: string): IotctlError {
  return new IotctlError(
    "IOT_INTERRUPTED",
    `Stopped looking; rollout ${rolloutId} is as it was and goes on from here.`,
    {
      hints: [`Go on: iotctl rollout watch ${rolloutId}`, `Stop it: iotctl rollout abort ${rolloutId}`],
    },
  );
}
