import * as z from "zod";
import { signatureInvalid } from "../signing/signature-errors.ts";
import { IotctlError } from "../base/errors.ts";
import type { TrustedKey } from "../signing/trusted-key.ts";
import type { ArtifactStore, StoredRelease } from "../storage/artifact-store.ts";
import { digestPattern } from "../storage/oci-layout.ts";
import { readSmallBlob } from "../storage/read-small-blob.ts";
import { type VerifiedRelease, verifyRelease } from "./verify-release.ts";

export interface OpenedRelease extends VerifiedRelease {
  readonly stored: StoredRelease;
  /** The Sigstore bundle that proved it, to hand on to devices. */
  readonly signature: Uint8Array;
}

const manifestSchema = z.looseObject({
  layers: z.array(z.looseObject({ digest: z.string().regex(digestPattern), size: z.int().nonnegative() })),
});

/**
 * Reads a published release back and verifies its signature; artifacts are then read with
 * `store.openBlob(digest)`, which checks their bytes. Null when the version was never published.
 * Throws IOT_SIGNATURE_* and IOT_STORAGE_*.
 */
export async function openStoredRelease(options: {
  readonly store: ArtifactStore;
  readonly product: string;
  readonly version: string;
  readonly trustedKeys: readonly TrustedKey[];
}): Promise<OpenedRelease | null> {
  const { store, product, version, trustedKeys } = options;
  const stored = await store.resolve(product, version);
  return stored && openRelease(store, stored, trustedKeys);
}

/** The same for a release whose record is at hand, as from `store.list`. */
export async function openRelease(
  store: ArtifactStore,
  stored: StoredRelease,
  trustedKeys: readonly TrustedKey[],
): Promise<OpenedRelease> {
  let untrusted: unknown = signatureInvalid("its manifest holds no signature");
  for (const { digest, size } of await signaturesOf(store, stored)) {
    const signature = await readSmallBlob(store, { digest, sizeBytes: size });
    try {
      const verified = verifyRelease(signature, trustedKeys);
      assertIsStored(verified, stored);
      return { ...verified, stored, signature };
    } catch (error) {
      if (!(error instanceof IotctlError) || error.code !== "IOT_SIGNATURE_UNTRUSTED") throw error;
      untrusted = error;
    }
  }
  throw untrusted;
}

async function signaturesOf(
  store: ArtifactStore,
  { signatureDigest, signatureSizeBytes }: StoredRelease,
): Promise<z.infer<typeof manifestSchema>["layers"]> {
  const bytes = await readSmallBlob(store, { digest: signatureDigest, sizeBytes: signatureSizeBytes });
  try {
    return manifestSchema.parse(JSON.parse(bytes.toString())).layers;
  } catch (error) {
    throw new IotctlError("IOT_STORAGE_CORRUPT", `The blob ${signatureDigest} is not an OCI manifest.`, {
      cause: error,
    });
  }
}

/** The record in the storage is not signed: another release's signature could have been put under it. */
function assertIsStored({ manifestDigest, resolved }: VerifiedRelease, stored: StoredRelease): void {
  const signed = `${resolved.product} ${resolved.version} (${manifestDigest})`;
  const published = `${stored.product} ${stored.version} (${stored.manifestDigest})`;
  if (signed !== published) throw signatureInvalid(`it is for ${signed}, published as ${published}`);
}
