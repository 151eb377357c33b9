import { createHash, hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { IotctlError, messageOf } from "../base/errors.ts";
import type { Blob } from "../storage/oci-layout.ts";

const chunkBytes = 256 * 1024;
const chunksPerTurn = 64;

/**
 * Reads a file once and returns its digest and size; with `copyTo` (an open descriptor) the same pass
 * writes the bytes there. Lets other work run every 16 MiB. A file that changes its length meanwhile
 * is IOT_ARTIFACT_CHANGED, one that cannot be opened IOT_FILE_UNREADABLE; errors of writing come through.
 */
export async function digestFile(path: string, copyTo?: number): Promise<Blob> {
  const source = openForReading(path);
  try {
    const { size } = fstatSync(source);
    // One reused buffer of this size stays in the processor's cache; streams of fresh chunks cost two to four times as much.
    const buffer = Buffer.allocUnsafe(Math.min(size + 1, chunkBytes));
    const digest = createHash("sha256");
    let total = 0;
    for (let turn = 1; ; turn++) {
      const length = readSync(source, buffer, 0, buffer.length, null);
      if (length === 0) break;
      total += length;
      if (total > size) break;
      const chunk = buffer.subarray(0, length);
      digest.update(chunk);
      if (copyTo !== undefined) writeAll(copyTo, chunk);
      if (turn % chunksPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (total !== size) {
      throw new IotctlError(
        "IOT_ARTIFACT_CHANGED",
        `${path} had ${size} bytes when it was opened and ${total > size ? "grew" : `ended after ${total}`} while it was read.`,
        { hints: ["Wait until the build that writes it has finished."], details: { path } },
      );
    }
    return { digest: `sha256:${digest.digest("hex")}`, sizeBytes: size };
  } finally {
    closeSync(source);
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new IotctlError("IOT_FILE_UNREADABLE", `Cannot read ${path}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** The digest and size of bytes in memory. */
export function digestBytes(bytes: Uint8Array | string): Blob {
  return { digest: `sha256:${hash("sha256", bytes, "hex")}`, sizeBytes: Buffer.byteLength(bytes) };
}

/** Writes all of `chunk`: one write may take only a part. */
function writeAll(descriptor: number, chunk: Uint8Array): void {
  let written = 0;
  while (written < chunk.length) written += writeSync(descriptor, chunk, written);
}
