import { assertUnderWay } from "../../cli/assert-under-way.ts";
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
    return this.tell(flags.env, args.rollout, (state) => {
      const { config, status } = state;
      if (status === "aborted" || status === "failed" || status === "rolled-back") {
        this.conversation.info(over(config.rolloutId, status));
        return null;
      }
      // By the rules before, these could not be stopped.
      if (config.rulesVersion < 3)
        assertUnderWay(state, "one that began by earlier rules cannot be aborted then");
      return event;
    });
  }
}

function over(rolloutId: string, status: string): string {
  return status === "aborted"
    ? `Rollout ${rolloutId} was aborted already.`
    : `Nothing of rollout ${rolloutId} is under way any more: it is ${status.replaceAll("-", " ")}.`;
}
