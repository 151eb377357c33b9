import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskError, fsyncDirectory } from "../base/atomic-file.ts";
import { Refusal } from "./refusal.ts";
import type { ArtifactRecord } from "./stores/artifacts.ts";

/** Bytes on the disk under their digest. A name that exists holds the whole content, durable. */
export class BlobStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    // Uploads that a crash cut short.
    rmSync(join(dir, "incoming"), { recursive: true, force: true });
    mkdirSync(join(dir, "incoming"), { recursive: true });
    mkdirSync(join(dir, "blobs"), { recursive: true });
    for (const parent of [dir, dirname(dir)]) fsyncDirectory(parent);
  }

  path(digest: string): string {
    const hex = digest.slice("sha256:".length);
    return join(this.#dir, "blobs", hex.slice(0, 2), hex);
  }

  /**
   * Stores a stream, hashed while it is written. Throws a Refusal (422) and keeps nothing when its
   * digest or size is another than announced, IOT_DISK_FULL when there is no room.
   */
  async put(
    announced: { digest: string; sizeBytes: number },
    content: AsyncIterable<Uint8Array>,
  ): Promise<ArtifactRecord> {
    const temporary = join(this.#dir, "incoming", randomUUID());
    try {
      const artifact = await writeHashed(temporary, content);
      if (artifact.digest !== announced.digest || artifact.sizeBytes !== announced.sizeBytes) {
        throw new Refusal(
          422,
          "wrong-digest",
          `The upload has ${artifact.sizeBytes} bytes of digest ${artifact.digest}, announced were ${announced.sizeBytes} of ${announced.digest}.`,
        );
      }
      const path = this.path(artifact.digest);
      await mkdir(dirname(path), { recursive: true });
      await rename(temporary, path);
      fsyncDirectory(dirname(path));
      fsyncDirectory(dirname(dirname(path)));
      return artifact;
    } catch (error) {
      await rm(temporary, { force: true });
      throw diskError(error, this.#dir);
    }
  }
}

async function writeHashed(path: string, content: AsyncIterable<Uint8Array>): Promise<ArtifactRecord> {
  const [sha256, sha1, md5] = [createHash("sha256"), createHash("sha1"), createHash("md5")];
  let sizeBytes = 0;
  const file = await open(path, "wx");
  try {
    await file.writeFile(
      (async function* () {
        for await (const chunk of content) {
          for (const hash of [sha256, sha1, md5]) hash.update(chunk);
          sizeBytes += chunk.length;
          yield chunk;
        }
      })(),
    );
    await file.sync();
  } finally {
    await file.close();
  }
  return {
    digest: `sha256:${sha256.digest("hex")}`,
    sizeBytes,
    sha1: sha1.digest("hex"),
    md5: md5.digest("hex"),
  };
}
