import * as Flags from "@oclif/core/flags";
import type { CommandInput } from "../../cli/base-command.ts";
import { ConsentCommand, type ConsentResult } from "../../cli/consent/consent-command.ts";
import { requiredReason } from "../../cli/consent/required-reason.ts";
import { signerFlags } from "../../cli/consent/consent-signer.ts";
import { rolloutArg } from "../../cli/rollout-arg.ts";

export default class Deny extends ConsentCommand<typeof Deny> {
  static override summary = "Hold a stage of a rollout, however many approve it.";
  static override description =
    "The denial is signed and stands until the same person approves the stage. What has begun goes on.";
  static override examples = [
    "<%= config.bin %> rollout deny --stage fleet --reason 'motors are noisy'",
    "<%= config.bin %> rollout deny ceiling-fan-2026.11.0 --stage fleet --reason 'motors are noisy' --key ana.pem",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = {
    stage: Flags.string({ summary: "The stage.", required: true }),
    reason: requiredReason,
    ...signerFlags,
  };

  protected override execute({ args, flags }: CommandInput<typeof Deny>): Promise<ConsentResult> {
    const { reason, stage } = flags;
    return this.consent({
      ...flags,
      rolloutId: args.rollout,
      words: () => ({ decision: "deny", stage, reason }),
      question: null,
    });
  }
}
