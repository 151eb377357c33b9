import * as Flags from "@oclif/core/flags";
import { IotctlError } from "../../base/errors.ts";
import { identity, personFlags, RolloutCommand } from "../../cli/rollout-command.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { rolloutArg } from "../../cli/rollout-arg.ts";
import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

export default class Approve extends RolloutCommand<typeof Approve> {
  static override summary = "Approve a stage of a rollout, so that it may begin.";
  static override description = "Counts once per person, for this plan and this stage.";
  static override examples = [
    "<%= config.bin %> rollout approve --stage fleet",
    "<%= config.bin %> rollout approve ceiling-fan-2026.11.0 --stage fleet --reason 'canary looks good'",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = {
    stage: Flags.string({ summary: "The stage.", required: true }),
    ...personFlags,
  };

  protected override execute({ args, flags }: CommandInput<typeof Approve>): Promise<RolloutView> {
    return this.tell(flags.env, args.rollout, ({ config }) => {
      const names = config.stages.map(({ name }) => name);
      if (!names.includes(flags.stage)) {
        throw new IotctlError(
          "IOT_STAGE_UNKNOWN",
          `Rollout ${config.rolloutId} has no stage ${flags.stage}; it has ${names.join(", ")}.`,
          { hints: names.map((name) => `iotctl rollout approve ${config.rolloutId} --stage ${name}`) },
        );
      }
      return {
        type: "approved",
        stage: flags.stage,
        planDigest: config.planDigest,
        by: identity(flags.by),
        reason: flags.reason,
      };
    });
  }
}
