import { identity, personFlags, RolloutCommand } from "../../cli/rollout-command.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { rolloutArg } from "../../cli/rollout-arg.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

export default class Rollback extends RolloutCommand<typeof Rollback> {
  static override summary = "Take devices back to the version they had, where their phones still fit it.";
  static override examples = [
    "<%= config.bin %> rollout rollback",
    "<%= config.bin %> rollout rollback ceiling-fan-2026.11.0 --reason 'noisy motors'",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = personFlags;

  protected override execute({ args, flags }: CommandInput<typeof Rollback>): Promise<RolloutView> {
    const event = { type: "rollback-requested", by: identity(flags.by), reason: flags.reason } as const;
    return this.tell(flags.env, args.rollout, () => event);
  }
}
