import * as Flags from "@oclif/core/flags";
import type { CommandInput } from "../../cli/base-command.ts";
import { wayBackText } from "../../cli/render/way-back-text.ts";
import { identity, personFlags, RolloutCommand } from "../../cli/rollout-command.ts";
import { openRollout, rolloutArg } from "../../cli/rollout-arg.ts";
import { describeRollout, type RolloutView } from "../../rollout/engine/describe-rollout.ts";
import type { WayBackView } from "../../rollout/engine/describe-way-back.ts";
import type { RolloutState } from "../../rollout/engine/state.ts";

/** How the rollout stands, and what was planned of the way back; nothing was told where there is a dry run. */
interface RollbackView extends RolloutView {
  readonly goingBack: WayBackView;
  readonly dryRun: boolean;
}

export default class Rollback extends RolloutCommand<typeof Rollback, RollbackView> {
  static override summary =
    "Take devices back to the version they had, where all that they may meet fits it.";
  static override description =
    "The way back is planned first. What cannot go back is named with what to do instead; where nothing can, nothing is done.";
  static override examples = [
    "<%= config.bin %> rollout rollback",
    "<%= config.bin %> rollout rollback --dry-run",
    "<%= config.bin %> rollout rollback ceiling-fan-2026.11.0 --reason 'noisy motors'",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = {
    "dry-run": Flags.boolean({ summary: "Show what would go back, and do nothing." }),
    ...personFlags,
  };

  protected override async execute({ args, flags }: CommandInput<typeof Rollback>): Promise<RollbackView> {
    const { planRollback } = await import("../../cli/plan-rollback.ts");
    if (flags["dry-run"]) {
      const { systemClock } = await import("../../base/clock.ts");
      const { readRollout } = await import("../../rollout/advance.ts");
      const context = await this.context(flags.env);
      const state = await readRollout(
        await openRollout(await context.journals(), args.rollout),
        context.consents,
      );
      const view = describeRollout(state, systemClock.now());
      return { ...view, goingBack: planRollback(state), dryRun: true };
    }
    let planned: WayBackView | undefined;
    const event = (state: RolloutState) => {
      planned = planRollback(state);
      this.conversation.info(wayBackText(planned));
      return { type: "rollback-requested", by: identity(flags.by), reason: flags.reason } as const;
    };
    const view = await this.tell(flags.env, args.rollout, event);
    return { ...view, goingBack: planned!, dryRun: false };
  }

  protected override render(view: RollbackView): string {
    return view.dryRun ? wayBackText(view.goingBack) : super.render(view);
  }
}
