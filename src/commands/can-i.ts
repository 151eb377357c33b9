import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { systemClock } from "../base/clock.ts";
import { Exit, type ExitCode } from "../base/error-codes.ts";
import { type CanIAnswer, answerCanI, type Opponents } from "../cli/answer-can-i.ts";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { colour } from "../cli/colour.ts";
import { fieldFlag } from "../cli/field-flag.ts";
import { table } from "../cli/table.ts";

const exits = { compatible: Exit.done, incompatible: Exit.blocked, unknown: Exit.undecided } as const;
const answers = {
  compatible: ["green", "yes"],
  incompatible: ["red", "no"],
  unknown: ["yellow", "unknown"],
} as const;

export default class CanI extends BaseCommand<typeof CanI, CanIAnswer> {
  static override summary = "Say whether one version gets along with others, and on what evidence.";
  static override description =
    "With only one version named, it is held against everything that the field of the environment runs. " +
    "Exit code 0 is yes, 3 is no, 4 is unknown.";
  static override examples = [
    "<%= config.bin %> can-i app-android@4.2.0 --env production",
    "<%= config.bin %> can-i app-android@4.2.0 fan@2.0.0 --json",
    "<%= config.bin %> can-i app-android@4.2.0 --field field.json",
    "<%= config.bin %> can-i fan@2.0.0 --known --file examples/ceiling-fan/release.yaml",
  ];
  static override args = {
    version: Args.string({ description: "The version it is about.", required: true, ignoreStdin: true }),
    other: Args.string({ description: "The version it would meet.", ignoreStdin: true }),
  };
  static override flags = {
    file: Flags.string({ summary: "The release manifest.", default: "release.yaml", helpValue: "<file>" }),
    field: fieldFlag({ exclusive: ["known"] }),
    known: Flags.boolean({
      summary: "Hold it against every version that the manifest and the published releases know.",
    }),
  };

  protected override async execute({ args, flags }: CommandInput<typeof CanI>): Promise<CanIAnswer> {
    const { loadRelease } = await import("../manifest/load-release.ts");
    const { release } = await loadRelease(flags.file, process.env);
    const question = { subject: args.version, against: opponents(args.other, flags), release };
    const { answer, warnings } = await answerCanI(question, await this.context(flags.env), systemClock.now());
    for (const warning of warnings) this.conversation.warn(warning);
    return answer;
  }

  protected override render({ matrix, subject, verdict }: CanIAnswer): string {
    const columns = [{ title: "WITH" }, { title: "VERDICT" }, { title: "EVIDENCE", shrinkTo: 30 }];
    const rows = matrix.map((row) => [row.other, row.verdict, row.evidence]);
    const evidence = table(columns, rows, { whenEmpty: "It meets nothing that it is coupled with." });
    const [style, answer] = answers[verdict];
    return `${evidence}\n\n${subject}: ${colour(style, answer)}`;
  }

  protected override exitOf({ verdict }: CanIAnswer): ExitCode {
    return exits[verdict];
  }
}

function opponents(
  other: string | undefined,
  { field, known }: { readonly field?: string | undefined; readonly known: boolean },
): Opponents {
  if (other !== undefined) return { kind: "version", version: other };
  return known ? { kind: "known" } : { kind: "field", file: field };
}
