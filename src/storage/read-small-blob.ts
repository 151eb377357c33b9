import { IotctlError } from "../base/errors.ts";
import type { ArtifactStore } from "./artifact-store.ts";
import type { Blob } from "./oci-layout.ts";

const maxBytes = 16 * 1024 * 1024;

/** Reads a manifest or signature whole, with its digest checked; more than `sizeBytes` is IOT_STORAGE_CORRUPT. */
export async function readSmallBlob(store: ArtifactStore, blob: Blob): Promise<Buffer> {
  const limit = Math.min(blob.sizeBytes, maxBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of store.openBlob(blob.digest)) {
    length += chunk.length;
    if (length > limit) throw wrongSize(blob, `more than ${limit}`);
    chunks.push(chunk);
  }
  if (length !== blob.sizeBytes) throw wrongSize(blob, `${length}`);
  return Buffer.concat(chunks);
}

function wrongSize({ digest, sizeBytes }: Blob, found: string): IotctlError {
  return new IotctlError(
    "IOT_STORAGE_CORRUPT",
    `${digest} should have ${sizeBytes} bytes but has ${found}.`,
    { details: { digest, expected: sizeBytes, found } },
  );
}
