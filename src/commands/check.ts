import * as Flags from "@oclif/core/flags";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { releaseFileArg } from "../cli/release-file-arg.ts";
import type { Diagnostic } from "../manifest/diagnostic.ts";

interface CheckResult {
  readonly product: string;
  readonly version: string;
  readonly components: Readonly<Record<string, string>>;
  readonly warnings: readonly Diagnostic[];
}

export default class Check extends BaseCommand<typeof Check, CheckResult> {
  static override summary = "Check release.yaml and the environment, and report everything that is wrong.";
  static override examples = [
    "<%= config.bin %> check",
    "<%= config.bin %> check examples/ceiling-fan/release.yaml --artifacts",
    "<%= config.bin %> check --env production --json",
  ];
  static override args = { file: releaseFileArg };
  static override flags = {
    artifacts: Flags.boolean({ summary: "Also require that every artifact is there." }),
  };

  protected override async execute({ args, flags }: CommandInput<typeof Check>): Promise<CheckResult> {
    const { formatDiagnostics } = await import("../manifest/format-diagnostics.ts");
    const { loadRelease } = await import("../manifest/load-release.ts");
    const options = { artifactsMustExist: flags.artifacts };
    const { release, source, warnings } = await loadRelease(args.file, process.env, options);
    const { environment } = await this.context(flags.env);
    if (environment.approvals.approvers.length > 0) {
      const { assertApproversUsable } = await import("../rollout/consent/approvers-of.ts");
      assertApproversUsable(environment);
    }
    if (warnings.length > 0) this.conversation.warn(formatDiagnostics(warnings, source));
    const components = Object.entries(release.components).map(([name, { version }]) => [name, version]);
    const { product, version } = release;
    return { product, version, components: Object.fromEntries(components), warnings };
  }

  protected override render({ components, product, version, warnings }: CheckResult): string {
    const parts = Object.entries(components).map(([name, of]) => `${name} ${of}`);
    const problems = warnings.length === 0 ? "no problems" : `no errors, ${warnings.length} warnings`;
    return `${product} ${version}: ${problems} (${parts.join(", ")})`;
  }
}
