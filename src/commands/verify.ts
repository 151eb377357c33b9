import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { bundleDirArg } from "../cli/bundle-dir-arg.ts";

interface VerifyResult {
  readonly dir: string;
  readonly product: string;
  readonly version: string;
  readonly manifestDigest: string;
  readonly artifacts: number;
  /** Hints of the trusted keys that signed it. */
  readonly keyHints: readonly string[];
}

export default class Verify extends BaseCommand<typeof Verify, VerifyResult> {
  static override summary = "Prove a bundle: its signature by a trusted key, and every byte of it.";
  static override examples = [
    "<%= config.bin %> verify",
    "<%= config.bin %> verify .iotctl/fan --env production",
  ];
  static override args = { bundle: bundleDirArg };

  protected override async execute({ args, flags }: CommandInput<typeof Verify>): Promise<VerifyResult> {
    const { verifyBundle } = await import("../bundle/verify-bundle.ts");
    const context = await this.context(flags.env);
    const { bundle, hints } = await verifyBundle(args.bundle, await context.trustedKeys());
    const { product, version } = bundle.resolved;
    const { artifacts, dir, manifest } = bundle;
    return {
      dir,
      product,
      version,
      manifestDigest: manifest.digest,
      artifacts: artifacts.length,
      keyHints: hints,
    };
  }

  protected override render(result: VerifyResult): string {
    const { artifacts, keyHints, manifestDigest, product, version } = result;
    return [
      `${product} ${version} is what was signed: ${artifacts} artifacts unchanged`,
      `Identity: ${manifestDigest}`,
      ...keyHints.map((hint) => `Signed by: ${hint}`),
    ].join("\n");
  }
}
