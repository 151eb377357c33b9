import { formatDuration } from "../../base/durations.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { hasEnded } from "../../rollout/engine/state.ts";
import { rolloutLine } from "../render/rollout-line.ts";
import { rolloutPicture } from "../render/rollout-picture.ts";
import { type FollowOptions, followRollout } from "./follow-rollout.ts";
import type { Progress } from "./progress.ts";

export type WatchOptions = Omit<FollowOptions, "onView" | "onTrouble"> & {
  readonly progress: Progress;
  /** Told of every look. */
  readonly onView?: (view: RolloutView) => void | Promise<void>;
};

/** What is drawn before each line of a picture. */
const marginColumns = 4;

/** Follows a rollout with progress shown, until it ends, needs a person or time is up. */
export function watchRollout(options: WatchOptions): Promise<RolloutView> {
  const { clock, timeoutMs } = options;
  const startedAtMs = clock.now();
  return options.progress.step("Roll out", async (say) => {
    let last = "";
    const sayOnce = (text: string, picture?: readonly string[]): void => {
      if (text !== last) say(text, picture);
      last = text;
    };
    const value = await followRollout({
      ...options,
      onView: async (view) => {
        const columns = (process.stderr.columns ?? 80) - marginColumns;
        sayOnce(rolloutLine(view), rolloutPicture(view, columns));
        await options.onView?.(view);
      },
      onTrouble: (error) => sayOnce(`${error.message} Trying again.`),
    });
    const isLate = timeoutMs !== null && !hasEnded(value.status) && clock.now() - startedAtMs >= timeoutMs;
    const stopped = isLate ? `; stopped looking after ${formatDuration(timeoutMs)}, the rollout stays` : "";
    return { value, note: rolloutLine(value) + stopped };
  });
}
