import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { Exit, type ExitCode } from "../base/error-codes.ts";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { colour } from "../cli/colour.ts";
import { componentVersion } from "../cli/component-version.ts";
import { table } from "../cli/table.ts";
import type { MatrixRow } from "../compat/compatibility-matrix.ts";
import type { Verdict } from "../compat/verdict.ts";

interface CanIResult {
  readonly subject: string;
  readonly verdict: Verdict["kind"];
  readonly matrix: readonly MatrixRow[];
}

const exits = { compatible: Exit.done, incompatible: Exit.blocked, unknown: Exit.undecided } as const;
const answers = {
  compatible: ["green", "Yes"],
  incompatible: ["red", "No"],
  unknown: ["yellow", "Unknown"],
} as const;

export default class CanI extends BaseCommand<typeof CanI, CanIResult> {
  static override summary = "Say whether one version gets along with others, and on what evidence.";
  static override description =
    "With only one version named, it is held against every known version of the components it is coupled with. " +
    "Exit code 0 is yes, 3 is no, 4 is unknown.";
  static override examples = [
    "<%= config.bin %> can-i app-android@4.2.0 fan@2.0.0",
    "<%= config.bin %> can-i fan@2.0.0 --file examples/ceiling-fan/release.yaml --json",
  ];
  static override args = {
    version: Args.string({ description: "What it is about.", required: true, ignoreStdin: true }),
    other: Args.string({ description: "The version it would meet.", ignoreStdin: true }),
  };
  static override flags = {
    file: Flags.string({ summary: "The release manifest.", default: "release.yaml", helpValue: "<file>" }),
  };

  protected override async execute({ args, flags }: CommandInput<typeof CanI>): Promise<CanIResult> {
    const { compatibilityMatrix, coupledVersions, overallVerdict } =
      await import("../compat/compatibility-matrix.ts");
    const { createRelation } = await import("../compat/relation.ts");
    const { loadRelease } = await import("../manifest/load-release.ts");
    const { factsOfRelease } = await import("../manifest/release-facts.ts");
    const { release } = await loadRelease(flags.file, process.env);
    const relation = createRelation(factsOfRelease(release));
    const subject = componentVersion(args.version, relation);
    const others = args.other ? [componentVersion(args.other, relation)] : coupledVersions(subject, relation);
    const matrix = compatibilityMatrix(subject, others, relation);
    return { subject: args.version, verdict: overallVerdict(matrix), matrix };
  }

  protected override render({ matrix, subject, verdict }: CanIResult): string {
    const columns = [{ title: "WITH" }, { title: "VERDICT" }, { title: "EVIDENCE", shrinkTo: 30 }];
    const rows = matrix.map((row) => [row.other, row.verdict, row.evidence]);
    const evidence = table(columns, rows, { whenEmpty: "It is coupled with nothing." });
    const [style, answer] = answers[verdict];
    return `${evidence}\n\n${subject}: ${colour(style, answer)}`;
  }

  protected override exitOf({ verdict }: CanIResult): ExitCode {
    return exits[verdict];
  }
}
