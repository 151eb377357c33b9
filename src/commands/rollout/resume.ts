import { assertUnderWay } from "../../cli/assert-under-way.ts";
import { identity, personFlags, RolloutCommand } from "../../cli/rollout-command.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { rolloutArg } from "../../cli/rollout-arg.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

export default class Resume extends RolloutCommand<typeof Resume> {
  static override summary = "Let a paused rollout go on.";
  static override examples = [
    "<%= config.bin %> rollout resume",
    "<%= config.bin %> rollout resume ceiling-fan-2026.11.0 --reason 'support is back'",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = personFlags;

  protected override execute({ args, flags }: CommandInput<typeof Resume>): Promise<RolloutView> {
    const event = { type: "resumed", by: identity(flags.by), reason: flags.reason } as const;
    return this.tell(flags.env, args.rollout, (state) => {
      assertUnderWay(state);
      const { config, status } = state;
      if (status === "paused") return event;
      this.conversation.info(
        `Rollout ${config.rolloutId} is not paused: it is ${status.replaceAll("-", " ")}.`,
      );
      return null;
    });
  }
}
