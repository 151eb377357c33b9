import { RolloutCommand } from "../../cli/rollout-command.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { openRollout, rolloutArg } from "../../cli/rollout-arg.ts";
import { describeRollout, type RolloutView } from "../../rollout/engine/describe-rollout.ts";

export default class Status extends RolloutCommand<typeof Status> {
  static override summary = "Show how a rollout stands: steps, gates, who waits and why.";
  static override description =
    "Reads the journal alone: it works while the fleet server is away, unless that is where the journal lies.";
  static override examples = [
    "<%= config.bin %> rollout status",
    "<%= config.bin %> rollout status ceiling-fan-2026.11.0 --json",
  ];
  static override args = { rollout: rolloutArg };

  protected override async execute({ args, flags }: CommandInput<typeof Status>): Promise<RolloutView> {
    const { systemClock } = await import("../../base/clock.ts");
    const { readRollout } = await import("../../rollout/advance.ts");
    const context = await this.context(flags.env);
    const journal = await openRollout(await context.journals(), args.rollout);
    const state = await readRollout(journal, context.consents);
    return describeRollout(state, systemClock.now());
  }
}
