import type { ExitCode } from "../../base/error-codes.ts";
import { RolloutCommand } from "../../cli/rollout-command.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { exitOfRollout } from "../../cli/render/exit-of-rollout.ts";
import { openCurrentRollout, rolloutArg } from "../../cli/rollout-arg.ts";
import { describeRollout, type RolloutView } from "../../rollout/engine/describe-rollout.ts";

export default class Advance extends RolloutCommand<typeof Advance> {
  static override summary = "Turn the loop once: look, decide, do. For cron and CI.";
  static override description =
    "May be run as often as you like; exit code 4 says that the rollout has not ended yet.";
  static override examples = [
    "<%= config.bin %> rollout advance",
    "<%= config.bin %> rollout advance ceiling-fan-2026.11.0 --env production --json",
  ];
  static override args = { rollout: rolloutArg };

  protected override async execute({ args, flags }: CommandInput<typeof Advance>): Promise<RolloutView> {
    const { systemClock } = await import("../../base/clock.ts");
    const { advance } = await import("../../rollout/advance.ts");
    const context = await this.context(flags.env);
    const journal = await openCurrentRollout(await context.journals(), args.rollout, true);
    return describeRollout(await advance(journal, await context.rolloutPorts()), systemClock.now());
  }

  protected override exitOf(view: RolloutView): ExitCode {
    return exitOfRollout(view);
  }
}
