import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { diskError, fsyncDirectory, writeFileAtomic } from "../base/atomic-file.ts";
import { isSystemError } from "../base/errors.ts";
import type { Slot, SlotRecord, SlotStorage } from "./slot-storage.ts";

/** The image file of a slot. It has no extension: Node runs such a file whatever package it lies in. */
export function slotImagePath(dir: string, slot: Slot): string {
  return join(dir, slot, "image");
}

/** `<dir>/a`, `<dir>/b` with `image` and `slot.json` each, and the symbolic link `<dir>/current` to one of them. */
export class DiskSlotStorage implements SlotStorage {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  current(): Slot | null {
    const target = unlessMissing(() => readlinkSync(join(this.#dir, "current")));
    return target === "a" || target === "b" ? target : null;
  }

  switchTo(slot: Slot): void {
    if (this.current() === slot) return;
    const temporary = join(this.#dir, "current.tmp");
    rmSync(temporary, { force: true });
    symlinkSync(slot, temporary);
    // A rename over the link is the only switch that leaves no moment without one.
    renameSync(temporary, join(this.#dir, "current"));
    fsyncDirectory(this.#dir);
  }

  record(slot: Slot): SlotRecord | null {
    const text = unlessMissing(() => readFileSync(this.#recordPath(slot), "utf8"));
    return text === null ? null : parseSlotRecord(text);
  }

  prepare(slot: Slot, { digest, version }: { readonly digest: string; readonly version: string }): number {
    if (this.record(slot)?.digest !== digest) {
      // The image goes first: a record of the new image must never stand beside bytes of the old one.
      this.clear(slot);
      fsyncDirectory(this.#dir);
      this.#writeRecord(slot, { digest, version, committed: false });
    }
    return this.sizeBytes(slot);
  }

  /** Bytes in the slot. */
  sizeBytes(slot: Slot): number {
    return unlessMissing(() => statSync(slotImagePath(this.#dir, slot)).size) ?? 0;
  }

  append(slot: Slot, bytes: Uint8Array): void {
    const path = slotImagePath(this.#dir, slot);
    try {
      withFile(path, "a", (descriptor) => {
        for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
      });
    } catch (error) {
      throw diskError(error, path);
    }
  }

  seal(slot: Slot): string {
    const path = slotImagePath(this.#dir, slot);
    const hash = createHash("sha256");
    withFile(path, "a+", (descriptor) => {
      fsyncSync(descriptor);
      const buffer = Buffer.allocUnsafe(256 * 1024);
      for (let position = 0; ;) {
        const read = readSync(descriptor, buffer, 0, buffer.length, position);
        if (read === 0) break;
        hash.update(buffer.subarray(0, read));
        position += read;
      }
    });
    fsyncDirectory(join(this.#dir, slot));
    return `sha256:${hash.digest("hex")}`;
  }

  commit(slot: Slot): void {
    const record = this.record(slot);
    if (record && !record.committed) this.#writeRecord(slot, { ...record, committed: true });
  }

  clear(slot: Slot): void {
    rmSync(slotImagePath(this.#dir, slot), { force: true });
    rmSync(this.#recordPath(slot), { force: true });
    mkdirSync(join(this.#dir, slot), { recursive: true });
    fsyncDirectory(join(this.#dir, slot));
  }

  #recordPath(slot: Slot): string {
    return join(this.#dir, slot, "slot.json");
  }

  #writeRecord(slot: Slot, record: SlotRecord): void {
    writeFileAtomic(this.#recordPath(slot), JSON.stringify(record));
  }
}

function parseSlotRecord(text: string): SlotRecord | null {
  try {
    const { digest, version, committed } = JSON.parse(text) as Record<string, unknown>;
    if (typeof digest !== "string" || typeof version !== "string") return null;
    return { digest, version, committed: committed === true };
  } catch {
    return null;
  }
}

function withFile(path: string, flags: string, use: (descriptor: number) => void): void {
  // Executable from the first byte on: the payload runner starts the file as it is.
  const descriptor = openSync(path, flags, 0o755);
  try {
    use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function unlessMissing<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return null;
    throw error;
  }
}
