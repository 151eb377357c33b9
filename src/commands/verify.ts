import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { releasePredicateType } from "../bundle/resolved-release.ts";
import { bundleDirArg } from "../cli/bundle-dir-arg.ts";

interface VerifyResult {
  readonly dir: string;
  readonly product: string;
  readonly version: string;
  readonly manifestDigest: string;
  readonly artifacts: number;
  /** By whom it was signed, and how to check that with another tool. */
  readonly signatures: readonly { readonly keyHint: string; readonly cosignCommand: string }[];
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
    const { cosignCommand } = await import("../signing/cosign-command.ts");
    const trustedKeys = await context.trustedKeys();
    const { bundle, signatures } = await verifyBundle(args.bundle, trustedKeys);
    const { product, version } = bundle.resolved;
    const { artifacts, dir, manifest } = bundle;
    return {
      dir,
      product,
      version,
      manifestDigest: manifest.digest,
      artifacts: artifacts.length,
      signatures: signatures.map(({ hint, file }) => ({
        keyHint: hint,
        cosignCommand: cosignCommand({
          bundleFile: file,
          publicKeyFile: trustedKeys.find((key) => key.hint === hint)?.file ?? "release.pub.pem",
          predicateType: releasePredicateType,
          digest: manifest.digest,
        }),
      })),
    };
  }

  protected override render(result: VerifyResult): string {
    const { artifacts, manifestDigest, product, signatures, version } = result;
    return [
      `${product} ${version} is what was signed: ${artifacts} artifacts unchanged`,
      `Identity: ${manifestDigest}`,
      ...signatures.map(({ keyHint }) => `Signed by: ${keyHint}`),
      "The same check with cosign:",
      ...signatures.map(({ cosignCommand }) => `  ${cosignCommand}`),
    ].join("\n");
  }
}
