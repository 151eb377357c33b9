import { statSync } from "node:fs";
import type { TrustedKey } from "../signing/trusted-key.ts";
import { blobPath } from "../storage/oci-layout.ts";
import type { BundleDescription } from "./bundle-description.ts";
import { type ChangedFile, filesChanged } from "./changed-files.ts";
import { type CheckedSignature, checkSignatures } from "./check-signatures.ts";
import { digestFile } from "./digest-file.ts";
import { readBundle } from "./read-bundle.ts";

export interface VerifiedBundle {
  readonly bundle: BundleDescription;
  /** Those by trusted keys. */
  readonly signatures: readonly CheckedSignature[];
}

/**
 * Proves a bundle: metadata, signatures, and the bytes of every artifact. Throws IOT_BUNDLE_INVALID,
 * IOT_SIGNATURE_MISSING, IOT_SIGNATURE_INVALID, IOT_SIGNATURE_UNTRUSTED, or IOT_ARTIFACT_CHANGED with
 * every changed file, its expected digest and the one found.
 */
export async function verifyBundle(dir: string, trustedKeys: readonly TrustedKey[]): Promise<VerifiedBundle> {
  const bundle = await readBundle(dir);
  const signatures = checkSignatures(bundle, trustedKeys);
  await assertArtifactsUnchanged(bundle);
  return { bundle, signatures };
}

/** Hashes every artifact of a bundle again. */
export async function assertArtifactsUnchanged(bundle: BundleDescription): Promise<void> {
  const changed: ChangedFile[] = [];
  const names = new Map(bundle.artifacts.map(({ digest, name }) => [digest, name]));
  for (const [expected, name] of names) {
    const path = blobPath(bundle.dir, expected);
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
    const found = isFile ? (await digestFile(path)).digest : null;
    if (found !== expected) changed.push({ name, path, expected, found });
  }
  if (changed.length > 0) throw filesChanged(changed);
}
