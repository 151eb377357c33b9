import * as Flags from "@oclif/core/flags";
import type { BundleDescription } from "../bundle/bundle-description.ts";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { defaultBundleDir } from "../cli/bundle-dir-arg.ts";
import { formatBytes } from "../cli/format-bytes.ts";
import { releaseFileArg } from "../cli/release-file-arg.ts";
import { table } from "../cli/table.ts";

interface BundleResult extends Pick<BundleDescription, "artifacts" | "dir" | "manifest"> {
  readonly product: string;
  readonly version: string;
}

export default class Bundle extends BaseCommand<typeof Bundle, BundleResult> {
  static override summary = "Seal a release: every artifact by digest, in an OCI image layout on disk.";
  static override examples = [
    "<%= config.bin %> bundle",
    "<%= config.bin %> bundle examples/ceiling-fan/release.yaml --out .iotctl/fan",
  ];
  static override args = { file: releaseFileArg };
  static override flags = {
    out: Flags.string({
      summary: "Directory that becomes the bundle.",
      default: defaultBundleDir,
      helpValue: "<dir>",
    }),
  };

  protected override async execute({ args, flags }: CommandInput<typeof Bundle>): Promise<BundleResult> {
    const { loadRelease } = await import("../manifest/load-release.ts");
    const { bundleRelease } = await import("../bundle/write-bundle.ts");
    const { dir: releaseDir, release } = await loadRelease(args.file, process.env);
    const { artifacts, dir, manifest } = await bundleRelease({ release, releaseDir, dir: flags.out });
    return { product: release.product, version: release.version, dir, manifest, artifacts };
  }

  protected override render({ artifacts, dir, manifest, product, version }: BundleResult): string {
    const columns = [
      { title: "ARTIFACT" },
      { title: "SIZE", align: "right" as const },
      { title: "DIGEST", shrinkTo: 19 },
    ];
    const rows = artifacts.map(({ digest, name, sizeBytes }) => [name, formatBytes(sizeBytes), digest]);
    return [
      table(columns, rows, { whenEmpty: "No artifacts." }),
      "",
      `${product} ${version} is sealed in ${dir}`,
      `Identity: ${manifest.digest}`,
      `Next: iotctl sign`,
    ].join("\n");
  }
}
