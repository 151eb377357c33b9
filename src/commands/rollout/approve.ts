import * as Flags from "@oclif/core/flags";
import { IotctlError } from "../../base/errors.ts";
import type { CommandInput } from "../../cli/base-command.ts";
import { ConsentCommand, consentFlags, type ConsentResult } from "../../cli/consent/consent-command.ts";
import { rolloutArg } from "../../cli/rollout-arg.ts";

export default class Approve extends ConsentCommand<typeof Approve> {
  static override summary = "Approve a stage of a rollout, so that it may begin.";
  static override description =
    "Shows what the stage moves and asks. The approval is signed, counts once per person, and for this plan and this stage alone.";
  static override examples = [
    "<%= config.bin %> rollout approve --stage fleet",
    "<%= config.bin %> rollout approve ceiling-fan-2026.11.0 --stage fleet --key ana.pem --reason 'canary looks good' --yes",
    "<%= config.bin %> rollout approve --stage fleet --out approval.json",
    "<%= config.bin %> rollout approve --statement approval.json",
  ];
  static override args = { rollout: rolloutArg };
  static override flags = {
    stage: Flags.string({ summary: "The stage.", exactlyOne: ["stage", "statement"] }),
    reason: Flags.string({ summary: "Why; it is signed and kept in the journal.", default: "" }),
    ...consentFlags,
    out: Flags.string({
      summary: "Only sign, and write the statement into this file, for somebody who may write the journal.",
      helpValue: "<file>",
      exclusive: ["statement"],
    }),
    statement: Flags.string({
      summary: "Write down an approval that was signed with --out.",
      helpValue: "<file>",
      exclusive: ["key", "keyless", "reason"],
    }),
  };

  protected override execute({ args, flags }: CommandInput<typeof Approve>): Promise<ConsentResult> {
    const { reason, stage, statement } = flags;
    if (statement !== undefined) return this.bringIn(flags.env, args.rollout, statement, "approve");
    if (stage === undefined) throw new IotctlError("IOT_USAGE", "Say which stage: --stage <name>.");
    return this.consent({
      ...flags,
      rolloutId: args.rollout,
      words: () => ({ decision: "approve", stage, reason }),
      question: ({ product, release }) => `Approve stage ${stage} of ${product} ${release}?`,
    });
  }
}
