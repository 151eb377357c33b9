import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fsyncDirectory, writeFileAtomic } from "../../base/atomic-file.ts";
import { IotctlError, isSystemError } from "../../base/errors.ts";
import { removeStaleFiles } from "../../base/stale-files.ts";
import type { ArtifactStore, StoredRelease } from "../artifact-store.ts";
import { type Blob, blobPath, layoutMarker } from "../oci-layout.ts";
import { assertWhole } from "../assert-whole.ts";
import { blobMissing } from "../blob-missing.ts";
import { directoryError } from "./directory-error.ts";
import { receiveBlob } from "./receive-blob.ts";
import { refreshIndex } from "./refresh-index.ts";
import { ReleaseRecords } from "./release-records.ts";

const chunkBytes = 256 * 1024;

/**
 * Storage in a directory, which is also an OCI image layout:
 *
 *     oci-layout, index.json        for OCI tools; index.json is derived from releases/
 *     blobs/sha256/<hex>            written in tmp/, fsynced, renamed
 *     releases/<product>/<version>.json   linked into being, never replaced: what makes a release visible
 *     tmp/                          whatever a crash left here is ignored, and removed by a later put
 */
export class DirectoryStore implements ArtifactStore {
  readonly name = "directory";
  readonly location: string;
  readonly #records: ReleaseRecords;

  /** The directory is made by the first put. */
  constructor(dir: string) {
    this.location = resolve(dir);
    this.#records = new ReleaseRecords(this.location);
  }

  async putBlob(blob: Blob, source: () => AsyncIterable<Uint8Array>): Promise<"stored" | "present"> {
    const path = blobPath(this.location, blob.digest);
    try {
      if (statSync(path, { throwIfNoEntry: false })?.size === blob.sizeBytes) return "present";
      this.#prepare();
      const temporary = join(this.location, "tmp", randomUUID());
      try {
        await receiveBlob(temporary, blob, source());
        renameSync(temporary, path);
      } finally {
        rmSync(temporary, { force: true });
      }
      fsyncDirectory(join(this.location, "blobs", "sha256"));
      removeStaleFiles(join(this.location, "tmp"), () => true, path);
      return "stored";
    } catch (error) {
      throw directoryError(error, this.location);
    }
  }

  async *openBlob(digest: string): AsyncGenerator<Uint8Array> {
    const path = blobPath(this.location, digest);
    let file: FileHandle;
    try {
      file = await open(path, "r");
    } catch (error) {
      throw isSystemError(error, "ENOENT")
        ? blobMissing(this.location, digest)
        : directoryError(error, this.location);
    }
    const hash = createHash("sha256");
    try {
      for (;;) {
        // A fresh buffer for each chunk: the consumer may still hold the last one.
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, null);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
    const found = `sha256:${hash.digest("hex")}`;
    if (found === digest) return;
    throw new IotctlError(
      "IOT_STORAGE_CORRUPT",
      `${path} should have the digest ${digest} but has ${found}.`,
      {
        hints: [`rm ${path}`, "iotctl push"],
        details: { path, expected: digest, found },
      },
    );
  }

  async hasBlob(digest: string): Promise<boolean> {
    return statSync(blobPath(this.location, digest), { throwIfNoEntry: false })?.isFile() ?? false;
  }

  async publish(release: StoredRelease): Promise<"published" | "present"> {
    try {
      await assertWhole(this, release);
      // Another process may have renamed a blob into place and died before its name was durable.
      fsyncDirectory(join(this.location, "blobs", "sha256"));
      const result = this.#records.add(release);
      refreshIndex(this.location, this.#records);
      return result;
    } catch (error) {
      throw directoryError(error, this.location);
    }
  }

  async resolve(product: string, version: string): Promise<StoredRelease | null> {
    try {
      return this.#records.find(product, version);
    } catch (error) {
      throw directoryError(error, this.location);
    }
  }

  async list(product: string): Promise<readonly StoredRelease[]> {
    try {
      return this.#records.list(product);
    } catch (error) {
      throw directoryError(error, this.location);
    }
  }

  #prepare(): void {
    mkdirSync(join(this.location, "tmp"), { recursive: true });
    mkdirSync(join(this.location, "blobs", "sha256"), { recursive: true });
    const marker = join(this.location, "oci-layout");
    if (!existsSync(marker)) writeFileAtomic(marker, layoutMarker);
  }
}
