import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { bundleDirArg } from "../cli/bundle-dir-arg.ts";

interface SignResult {
  readonly result: "signed" | "present";
  readonly dir: string;
  readonly product: string;
  readonly version: string;
  /** Base64 of the SHA-256 of the public key, as Sigstore tools show it. */
  readonly keyHint: string;
}

export default class Sign extends BaseCommand<typeof Sign, SignResult> {
  static override summary = "Sign a bundle with the key of the environment.";
  static override description =
    "The signature is a Sigstore bundle over an in-toto statement that names the release and every artifact. " +
    "The environment `local` makes its key when there is none; the passphrase of an encrypted key is read from " +
    "IOTCTL_KEY_PASSPHRASE.";
  static override examples = [
    "<%= config.bin %> sign",
    "<%= config.bin %> sign .iotctl/fan --env production",
  ];
  static override args = { bundle: bundleDirArg };

  protected override async execute({ args, flags }: CommandInput<typeof Sign>): Promise<SignResult> {
    const { signBundle } = await import("../bundle/sign-bundle.ts");
    const context = await this.context(flags.env);
    const signer = await context.signer();
    const { bundle, result } = await signBundle({ dir: args.bundle, signer });
    const { product, version } = bundle.resolved;
    return { result, dir: bundle.dir, product, version, keyHint: signer.trustedKey.hint };
  }

  protected override render({ dir, keyHint, product, result, version }: SignResult): string {
    const what = result === "signed" ? "is signed" : "was already signed";
    return `${product} ${version} in ${dir} ${what} by ${keyHint}\nNext: iotctl push`;
  }
}
