import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { fieldFlag } from "../cli/field-flag.ts";
import { releaseFileArg } from "../cli/release-file-arg.ts";
import { matrixText, type ReleaseMatrix } from "../cli/render/matrix-text.ts";

export default class Matrix extends BaseCommand<typeof Matrix, ReleaseMatrix> {
  static override summary = "Show which versions get along: those in the field and those of a release.";
  static override description =
    "A table for every two components of which one says what it needs of the other, and beneath it the " +
    "evidence. It shows and judges nothing: the exit code is 0 whatever the table says. Ask `plan` for an " +
    "order and `can-i` about one version.";
  static override examples = [
    "<%= config.bin %> matrix",
    "<%= config.bin %> matrix examples/ceiling-fan/release.yaml --env production",
    "<%= config.bin %> matrix --field field.json",
    "<%= config.bin %> matrix --json",
  ];
  static override args = { file: releaseFileArg };
  static override flags = { field: fieldFlag() };

  protected override async execute({ args, flags }: CommandInput<typeof Matrix>): Promise<ReleaseMatrix> {
    const { systemClock } = await import("../base/clock.ts");
    const { lookAtField } = await import("../cli/release/look-at-field.ts");
    const { fieldMatrix } = await import("../compat/field-matrix.ts");
    const { loadRelease } = await import("../manifest/load-release.ts");
    const { release } = await loadRelease(args.file, process.env);
    const options = { nowMs: systemClock.now(), fieldFile: flags.field };
    const { live, relation, warnings } = await lookAtField(release, await this.context(flags.env), options);
    for (const warning of warnings) this.conversation.warn(warning);
    const target = Object.entries(release.components).map(([name, { version }]) => [name, version]);
    const matrix = fieldMatrix(relation, live, Object.fromEntries(target));
    return { product: release.product, release: release.version, ...matrix };
  }

  protected override render(matrix: ReleaseMatrix): string {
    return matrixText(matrix);
  }
}
