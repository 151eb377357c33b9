import * as z from "zod";
import { IotctlError } from "../base/errors.ts";
import type { ArtifactStore, StoredRelease } from "./artifact-store.ts";
import { blobMissing } from "./blob-missing.ts";
import { type Blob, digestPattern } from "./oci-layout.ts";
import { readSmallBlob } from "./read-small-blob.ts";

const reference = z.looseObject({ digest: z.string().regex(digestPattern) });
const manifest = z.looseObject({
  config: reference,
  layers: z.array(reference),
  subject: reference.optional(),
});

/**
 * Refuses to publish a release before everything it refers to is in the store: both manifests, with
 * their configs and layers, and the signature about this very release. Throws IOT_STORAGE_BLOB_MISSING
 * or IOT_STORAGE_CORRUPT.
 */
export async function assertWhole(store: ArtifactStore, release: StoredRelease): Promise<void> {
  const { manifestDigest, manifestSizeBytes, signatureDigest, signatureSizeBytes } = release;
  const image = await readManifest(store, { digest: manifestDigest, sizeBytes: manifestSizeBytes });
  const signature = await readManifest(store, { digest: signatureDigest, sizeBytes: signatureSizeBytes });
  if (signature.subject?.digest !== manifestDigest) {
    const found = signature.subject?.digest ?? "nothing";
    throw corrupt(`The signature ${signatureDigest} refers to ${found}, not to ${manifestDigest}.`);
  }
  for (const { config, layers } of [image, signature]) {
    for (const { digest } of [config, ...layers]) {
      if (!(await store.hasBlob(digest))) throw blobMissing(store.location, digest);
    }
  }
}

async function readManifest(store: ArtifactStore, blob: Blob): Promise<z.infer<typeof manifest>> {
  const bytes = await readSmallBlob(store, blob);
  try {
    return manifest.parse(JSON.parse(bytes.toString()));
  } catch (error) {
    throw corrupt(`The blob ${blob.digest} is not an OCI manifest.`, error);
  }
}

function corrupt(message: string, cause?: unknown): IotctlError {
  return new IotctlError("IOT_STORAGE_CORRUPT", message, { cause });
}
