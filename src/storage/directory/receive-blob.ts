import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { IotctlError } from "../../base/errors.ts";
import type { Blob } from "../oci-layout.ts";

/**
 * Writes a stream to a new file, durably; IOT_STORAGE_DIGEST_MISMATCH when it is not the announced blob.
 * A stream that is too long is cut off at once, however much more would come.
 */
export async function receiveBlob(
  path: string,
  blob: Blob,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const hash = createHash("sha256");
  let received = 0;
  const descriptor = openSync(path, "wx");
  try {
    for await (const chunk of source) {
      received += chunk.length;
      if (received > blob.sizeBytes) break;
      hash.update(chunk);
      for (let at = 0; at < chunk.length;) at += writeSync(descriptor, chunk, at);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  if (received !== blob.sizeBytes) {
    throw mismatch(blob, `${blob.sizeBytes} bytes`, received > blob.sizeBytes ? "more" : `${received}`);
  }
  const found = `sha256:${hash.digest("hex")}`;
  if (found !== blob.digest) throw mismatch(blob, blob.digest, found);
}

function mismatch({ digest }: Blob, expected: string, found: string): IotctlError {
  return new IotctlError(
    "IOT_STORAGE_DIGEST_MISMATCH",
    `The bytes that came for ${digest} should have ${expected} but have ${found}.`,
    { details: { digest, expected, found } },
  );
}
