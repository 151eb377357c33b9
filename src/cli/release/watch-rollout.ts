import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { rolloutLine } from "../render/rollout-line.ts";
import { type FollowOptions, followRollout } from "./follow-rollout.ts";
import { type ProgressStyle, runSteps, type WorkStep } from "./run-steps.ts";

type WatchOptions = Omit<FollowOptions, "onView" | "onTrouble"> & {
  readonly style: ProgressStyle;
  /** Told of every look. */
  readonly onView?: (view: RolloutView) => void | Promise<void>;
};

/** The step that follows a rollout and says what changes; the view that it ended with goes to `onEnd`. */
export function rolloutStep(
  options: () => Promise<WatchOptions>,
  onEnd: (view: RolloutView) => void,
): WorkStep {
  return {
    title: "Roll out",
    run: async (say) => {
      let last = "";
      const sayOnce = (text: string): void => {
        if (text !== last) say(text);
        last = text;
      };
      const given = await options();
      const view = await followRollout({
        ...given,
        onView: async (seen) => {
          sayOnce(rolloutLine(seen));
          await given.onView?.(seen);
        },
        onTrouble: (error) => sayOnce(`${error.message} Trying again.`),
      });
      onEnd(view);
      return rolloutLine(view);
    },
  };
}

/** Follows a rollout with progress shown, until it ends or needs a person. */
export async function watchRollout(options: WatchOptions): Promise<RolloutView> {
  let end: RolloutView | undefined;
  const step = rolloutStep(
    async () => options,
    (view) => {
      end = view;
    },
  );
  await runSteps([step], options.style, options.clock);
  if (!end) throw new Error("following ended without a view");
  return end;
}
