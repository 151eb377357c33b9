import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { bundleDirArg } from "../cli/bundle-dir-arg.ts";
import type { StoredRelease } from "../storage/artifact-store.ts";

interface PushResult {
  readonly result: "published" | "present";
  readonly release: StoredRelease;
  readonly location: string;
}

export default class Push extends BaseCommand<typeof Push, PushResult> {
  static override summary = "Publish a signed bundle in the storage of the environment, for good.";
  static override examples = [
    "<%= config.bin %> push",
    "<%= config.bin %> push .iotctl/fan --env production",
  ];
  static override args = { bundle: bundleDirArg };

  protected override async execute({ args, flags }: CommandInput<typeof Push>): Promise<PushResult> {
    const { pushBundle } = await import("../bundle/push-bundle.ts");
    const context = await this.context(flags.env);
    const store = await context.store();
    const trustedKeys = await context.trustedKeys();
    const { release, result } = await pushBundle({ bundleDir: args.bundle, store, trustedKeys });
    return { result, release, location: store.location };
  }

  protected override render({ location, release, result }: PushResult): string {
    const { manifestDigest, product, version } = release;
    const what = result === "published" ? "is published" : "was there already, unchanged,";
    return `${product} ${version} ${what} in ${location}\nIdentity: ${manifestDigest}\nNext: iotctl plan`;
  }
}
