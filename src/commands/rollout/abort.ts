import { identity, personFlags, RolloutCommand } from "../../cli/rollout-command.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { rolloutArg } from "../../cli/rollout-arg.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

export default class Abort extends RolloutCommand<typeof Abort> {
  static override summary =
    "Stop a rollout for good: nothing new begins, stores stop offering, devices that have begun finish.";
  static override examples = [
    "<%= config.bin %> rollout abort",
    "<%= config.bin %> rollout abort ceiling-fan-2026.11.0 --reason 'wrong build'",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = personFlags;

  protected override execute({ args, flags }: CommandInput<typeof Abort>): Promise<RolloutView> {
    const event = { type: "aborted", by: identity(flags.by), reason: flags.reason } as const;
    return this.tell(flags.env, args.rollout, () => event);
  }
}
