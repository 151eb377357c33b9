import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { rolloutLine } from "../render/rollout-line.ts";
import { rolloutPicture } from "../render/rollout-picture.ts";
import { type FollowOptions, followRollout } from "./follow-rollout.ts";
import type { Progress } from "./progress.ts";

export type WatchOptions = Omit<FollowOptions, "onView" | "onTrouble"> & {
  readonly progress: Progress;
  /** Told of every look. */
  readonly onView?: (view: RolloutView) => void | Promise<void>;
};

/** Follows a rollout with progress shown, until it ends or needs a person. */
export function watchRollout(options: WatchOptions): Promise<RolloutView> {
  return options.progress.step("Roll out", async (say) => {
    let last = "";
    const sayOnce = (text: string, picture?: readonly string[]): void => {
      if (text !== last) say(text, picture);
      last = text;
    };
    const value = await followRollout({
      ...options,
      onView: async (view) => {
        sayOnce(rolloutLine(view), rolloutPicture(view));
        await options.onView?.(view);
      },
      onTrouble: (error) => sayOnce(`${error.message} Trying again.`),
    });
    return { value, note: rolloutLine(value) };
  });
}
