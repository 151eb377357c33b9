import { assertUnderWay } from "../../cli/assert-under-way.ts";
import { identity, personFlags, RolloutCommand } from "../../cli/rollout-command.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { rolloutArg } from "../../cli/rollout-arg.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

export default class Pause extends RolloutCommand<typeof Pause> {
  static override summary = "Hold a rollout: nothing new begins, health stays watched.";
  static override examples = [
    "<%= config.bin %> rollout pause",
    "<%= config.bin %> rollout pause ceiling-fan-2026.11.0 --reason 'support is not staffed'",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = personFlags;

  protected override execute({ args, flags }: CommandInput<typeof Pause>): Promise<RolloutView> {
    const event = { type: "paused", by: identity(flags.by), reason: flags.reason } as const;
    return this.tell(flags.env, args.rollout, (state) => {
      assertUnderWay(state);
      if (state.status !== "paused") return event;
      this.conversation.info(`Rollout ${state.config.rolloutId} was paused already.`);
      return null;
    });
  }
}
