import type { TrustedKey } from "../signing/trusted-key.ts";
import type { ArtifactStore, StoredRelease } from "../storage/artifact-store.ts";
import { versionTaken } from "../storage/version-taken.ts";
import type { BundleDescription, BundleSignature } from "./bundle-description.ts";
import type { NamedArtifact } from "./bundle-format.ts";
import { checkSignatures, signatureOf } from "./check-signatures.ts";
import { readBlob } from "./read-blob.ts";
import { readBundle } from "./read-bundle.ts";

/**
 * Publishes a signed bundle: blobs first, the name last, so that nobody sees it before it is whole.
 * One of the trusted keys must have signed it. Pushing again is `present`; another release under the
 * same version is refused before the first byte. Artifacts are hashed on their way.
 */
export async function pushBundle(options: {
  readonly bundleDir: string;
  readonly store: ArtifactStore;
  readonly trustedKeys: readonly TrustedKey[];
}): Promise<{ readonly result: "published" | "present"; readonly release: StoredRelease }> {
  const { bundleDir, store, trustedKeys } = options;
  const bundle = await readBundle(bundleDir);
  const signature = signatureOf(bundle);
  checkSignatures(bundle, trustedKeys);

  const release = storedRelease(bundle, signature);
  const existing = await store.resolve(release.product, release.version);
  if (existing && existing.manifestDigest !== release.manifestDigest) throw versionTaken(existing, release);
  // A release keeps the signature it was published with; what the storage may have lost is put back.
  const blobs =
    existing && existing.signatureDigest !== release.signatureDigest
      ? releaseBlobs(bundle)
      : [...releaseBlobs(bundle), ...signatureBlobs(signature)];
  for (const { name, digest, sizeBytes } of blobs) {
    const blob = { digest, sizeBytes };
    await store.putBlob(blob, () => readBlob(bundle.dir, name, blob));
  }
  // Also what is there already: a push that died may not have come to all that publishing does.
  const wanted = existing ?? release;
  if ((await store.publish(wanted)) === "published") return { result: "published", release: wanted };
  const winner = await store.resolve(release.product, release.version);
  return { result: "present", release: winner ?? wanted };
}

function releaseBlobs({ artifacts, config, manifest }: BundleDescription): NamedArtifact[] {
  return [...artifacts, { name: "resolved release", ...config }, { name: "release manifest", ...manifest }];
}

function signatureBlobs({ bundles, config, manifest }: BundleSignature): NamedArtifact[] {
  return [
    ...bundles.map((signature) => ({ name: "signature", ...signature })),
    { name: "signature config", ...config },
    { name: "signature manifest", ...manifest },
  ];
}

function storedRelease(bundle: BundleDescription, signature: BundleSignature): StoredRelease {
  return {
    product: bundle.resolved.product,
    version: bundle.resolved.version,
    manifestDigest: bundle.manifest.digest,
    manifestSizeBytes: bundle.manifest.sizeBytes,
    signatureDigest: signature.manifest.digest,
    signatureSizeBytes: signature.manifest.sizeBytes,
  };
}
