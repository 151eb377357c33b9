import { randomUUID } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { fsyncDirectory, writeFileAtomic } from "../../base/atomic-file.ts";
import { readBoundedFile } from "../../base/bounded-file.ts";
import { canonicalJson } from "../../base/canonical-json.ts";
import { IotctlError, isSystemError } from "../../base/errors.ts";
import type { StoredRelease } from "../artifact-store.ts";
import { digestPattern } from "../oci-layout.ts";
import { versionTaken } from "../version-taken.ts";

const maxRecordBytes = 64 * 1024;
const digest = z.string().regex(digestPattern);
const size = z.int().nonnegative();
const recordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Counts up with each publication of the product; only for the order of listings. */
  sequence: z.int().nonnegative(),
  release: z.strictObject({
    product: z.string(),
    version: z.string(),
    manifestDigest: digest,
    manifestSizeBytes: size,
    signatureDigest: digest,
    signatureSizeBytes: size,
  }),
});
type ReleaseRecord = z.infer<typeof recordSchema>;

/** The files that make releases visible: one for each version, made once and never written again. */
export class ReleaseRecords {
  readonly #dir: string;
  readonly #temporaryDir: string;

  constructor(storeDir: string) {
    this.#dir = join(storeDir, "releases");
    this.#temporaryDir = join(storeDir, "tmp");
  }

  /** Of two publishers at once, one wins; the other gets `present` or IOT_STORAGE_VERSION_TAKEN. */
  add(release: StoredRelease): "published" | "present" {
    const path = this.#path(release.product, release.version);
    const sequence = Math.max(0, ...this.#read(release.product).map((record) => record.sequence)) + 1;
    const temporary = join(this.#temporaryDir, randomUUID());
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomic(temporary, canonicalJson({ schemaVersion: 1, sequence, release }));
    try {
      // Unlike rename, link fails when the name is taken; unlike O_EXCL, the file is whole when it appears.
      linkSync(temporary, path);
      for (const dir of [dirname(path), this.#dir, dirname(this.#dir)]) fsyncDirectory(dir);
      return "published";
    } catch (error) {
      if (!isSystemError(error, "EEXIST")) throw error;
      const existing = readRecord(path).release;
      if (existing.manifestDigest !== release.manifestDigest) throw versionTaken(existing, release);
      return "present";
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  find(product: string, version: string): StoredRelease | null {
    const path = this.#path(product, version);
    return existsSync(path) ? readRecord(path).release : null;
  }

  /** In the order of publication; those published at the same instant by version. */
  list(product: string): StoredRelease[] {
    return this.#read(product)
      .toSorted((a, b) => a.sequence - b.sequence || (a.release.version < b.release.version ? -1 : 1))
      .map((record) => record.release);
  }

  /** Every product with a release, sorted. */
  products(): string[] {
    return entriesOf(this.#dir).map(decodeURIComponent).toSorted();
  }

  #read(product: string): ReleaseRecord[] {
    const dir = join(this.#dir, fileName(product));
    return entriesOf(dir)
      .filter((name) => name.endsWith(".json"))
      .map((name) => readRecord(join(dir, name)));
  }

  #path(product: string, version: string): string {
    return join(this.#dir, fileName(product), `${fileName(version)}.json`);
  }
}

/** A name as one path segment, reversible, and never `.` or `..`. */
function fileName(name: string): string {
  return encodeURIComponent(name).replace(/^\./, "%2E");
}

function entriesOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}

function readRecord(path: string): ReleaseRecord {
  const text = readBoundedFile(path, maxRecordBytes, "the release record").toString();
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new IotctlError("IOT_STORAGE_CORRUPT", `${path} is not a release record.`, {
      hints: [`cat ${path}`],
      details: { path },
      cause: error,
    });
  }
}
