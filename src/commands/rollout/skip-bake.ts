import type { CommandInput } from "../../cli/base-command.ts";
import { waveNotBaking } from "../../cli/consent/assert-timely.ts";
import { ConsentCommand, consentFlags, type ConsentResult } from "../../cli/consent/consent-command.ts";
import { requiredReason } from "../../cli/consent/required-reason.ts";
import { rolloutArg } from "../../cli/rollout-arg.ts";
import { bakingWave } from "../../rollout/engine/describe-stage.ts";

export default class SkipBake extends ConsentCommand<typeof SkipBake> {
  static override summary = "End the bake time of the wave that a rollout is in.";
  static override description =
    "Signed by an approver, for this wave alone. Gates still have to pass before the next wave begins.";
  static override examples = [
    "<%= config.bin %> rollout skip-bake --reason 'hotfix, canary is clean'",
    "<%= config.bin %> rollout skip-bake ceiling-fan-2026.11.0 --reason 'hotfix' --key ana.pem --yes",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = {
    reason: requiredReason,
    ...consentFlags,
  };

  protected override execute({ args, flags }: CommandInput<typeof SkipBake>): Promise<ConsentResult> {
    return this.consent({
      ...flags,
      rolloutId: args.rollout,
      words: (state) => {
        const baking = bakingWave(state);
        if (baking) return { decision: "skip-bake", ...baking, reason: flags.reason };
        throw waveNotBaking(state);
      },
      question: ({ baking, stage }) => `End the bake time of ${baking?.wave ?? stage} now?`,
    });
  }
}
