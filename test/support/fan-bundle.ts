import { join } from "node:path";
import type { BundleDescription } from "../../src/bundle/bundle-description.ts";
import { signBundle } from "../../src/bundle/sign-bundle.ts";
import { bundleRelease } from "../../src/bundle/write-bundle.ts";
import { loadKeySigner } from "../../src/signing/key-signer.ts";
import type { KeySigner } from "../../src/signing/signer.ts";
import { fanRelease, writeFanArtifacts } from "./fan-release.ts";

/** A key of its own in `dir`. */
export function keyIn(dir: string, name = "dev"): KeySigner {
  return loadKeySigner({ keyFile: join(dir, `${name}.pem`), create: true, env: {} });
}

/** Writes artifacts below `dir` and bundles them at `dir/bundle`, unsigned. */
export function bundleIn(
  dir: string,
  options: { seed?: string; sizeBytes?: number } = {},
): Promise<BundleDescription> {
  writeFanArtifacts(dir, options.seed, options.sizeBytes);
  return bundleRelease({ release: fanRelease(), releaseDir: dir, dir: join(dir, "bundle") });
}

/** The same, signed by the key `dev` in `dir`. */
export async function signedBundleIn(
  dir: string,
  options: { seed?: string; sizeBytes?: number } = {},
): Promise<{ bundle: BundleDescription; signer: KeySigner }> {
  const { dir: bundleDir } = await bundleIn(dir, options);
  const signer = keyIn(dir);
  return { bundle: (await signBundle({ dir: bundleDir, signer })).bundle, signer };
}
