import { closeSync, existsSync, fsyncSync, mkdirSync, mkdtempSync, openSync, readdirSync } from "node:fs";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { diskError, fsyncDirectory, writeFileAtomic } from "../base/atomic-file.ts";
import { IotctlError, isSystemError } from "../base/errors.ts";
import { removeStaleFiles } from "../base/stale-files.ts";
import { type Blob, blobPath, layoutIndex, layoutMarker, type Descriptor } from "../storage/oci-layout.ts";
import { releaseMediaType } from "./bundle-format.ts";
import { digestBytes, digestFile } from "./digest-file.ts";

/**
 * A bundle being written, in a directory beside its place. Only `seal` makes it visible; a crash
 * before that leaves the place as it was.
 */
export class StagedBundle {
  readonly #place: string;
  readonly #staging: string;

  /** Throws IOT_BUNDLE_PLACE_TAKEN when `dir` holds anything but a bundle. */
  constructor(dir: string) {
    this.#place = resolve(dir);
    assertReplaceable(this.#place);
    const parent = dirname(this.#place);
    const prefix = `.${basename(this.#place)}.bundle-`;
    try {
      mkdirSync(parent, { recursive: true });
      this.#staging = mkdtempSync(join(parent, prefix));
      mkdirSync(join(this.#staging, "blobs", "sha256"), { recursive: true });
      removeStaleFiles(parent, (name) => name.startsWith(prefix), this.#staging);
    } catch (error) {
      throw diskError(error, this.#place);
    }
  }

  /** Copies a file in, hashing it in the same pass; equal content is kept once. */
  async addFile(path: string): Promise<Blob> {
    const incoming = join(this.#staging, "incoming");
    try {
      const descriptor = openSync(incoming, "w");
      let blob: Blob;
      try {
        blob = await digestFile(path, descriptor);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(incoming, blobPath(this.#staging, blob.digest));
      return blob;
    } catch (error) {
      throw diskError(error, this.#place);
    }
  }

  addBytes(content: string): Blob {
    const blob = digestBytes(content);
    writeFileAtomic(blobPath(this.#staging, blob.digest), content);
    return blob;
  }

  /** Makes the bundle durable and puts it in its place, where an older bundle may stand. */
  seal(manifests: readonly Descriptor[]): void {
    writeFileAtomic(join(this.#staging, "oci-layout"), layoutMarker);
    writeFileAtomic(join(this.#staging, "index.json"), layoutIndex(manifests));
    try {
      for (const dir of ["blobs/sha256", "blobs", "."]) fsyncDirectory(join(this.#staging, dir));
      assertReplaceable(this.#place);
      this.#moveIntoPlace();
      fsyncDirectory(dirname(this.#place));
    } catch (error) {
      throw diskError(error, this.#place);
    }
  }

  discard(): void {
    rmSync(this.#staging, { recursive: true, force: true });
  }

  #moveIntoPlace(): void {
    const old = `${this.#staging}-old`;
    const replaces = existsSync(this.#place);
    // A directory cannot be renamed over one that has entries.
    if (replaces) renameSync(this.#place, old);
    try {
      renameSync(this.#staging, this.#place);
    } catch (error) {
      if (replaces) renameSync(old, this.#place);
      throw error;
    }
    rmSync(old, { recursive: true, force: true });
  }
}

function assertReplaceable(place: string): void {
  const taken = (why: string): IotctlError =>
    new IotctlError("IOT_BUNDLE_PLACE_TAKEN", `${place} ${why}; only a bundle is replaced.`, {
      hints: ["Choose another directory for the bundle."],
      details: { place },
    });
  let entries: string[];
  try {
    entries = readdirSync(place);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return;
    if (isSystemError(error, "ENOTDIR")) throw taken("is not a directory");
    throw error;
  }
  if (entries.length === 0) return;
  // A storage directory is a layout too; what it has beyond a bundle's three entries saves it here.
  const stranger = entries.find((name) => !["oci-layout", "index.json", "blobs"].includes(name));
  if (stranger !== undefined) throw taken(`holds ${stranger}`);
  const index = join(place, "index.json");
  if (!existsSync(index) || !readFileSync(index, "utf8").includes(releaseMediaType)) {
    throw taken("is not a bundle of iotctl");
  }
}
