import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { type Blob, blobPath } from "../storage/oci-layout.ts";
import { filesChanged } from "./changed-files.ts";
import { digestFile } from "./digest-file.ts";

const chunkBytes = 256 * 1024;

/**
 * Streams a blob of a bundle in chunks of 256 KiB, hashing it on the way; the stream fails with
 * IOT_ARTIFACT_CHANGED before it gives more bytes than there should be, or at its end when they are not
 * the digest's.
 */
export async function* readBlob(dir: string, name: string, blob: Blob): AsyncGenerator<Uint8Array> {
  const path = blobPath(dir, blob.digest);
  const digest = createHash("sha256");
  const source = openOrNull(path);
  if (source === null) throw filesChanged([{ name, path, expected: blob.digest, found: null }]);
  try {
    for (let left = blob.sizeBytes + 1; left > 0;) {
      // A fresh buffer for each chunk: the consumer may still hold the last one.
      const buffer = Buffer.allocUnsafe(Math.min(left, chunkBytes));
      const length = readSync(source, buffer, 0, buffer.length, null);
      if (length === 0) break;
      left -= length;
      if (left === 0) {
        const { digest: found } = await digestFile(path);
        throw filesChanged([{ name, path, expected: blob.digest, found }]);
      }
      digest.update(buffer.subarray(0, length));
      yield buffer.subarray(0, length);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    closeSync(source);
  }
  const found = `sha256:${digest.digest("hex")}`;
  if (found !== blob.digest) throw filesChanged([{ name, path, expected: blob.digest, found }]);
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    return null;
  }
}
