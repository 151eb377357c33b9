import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { isSystemError } from "../../../base/errors.ts";
import type { Link } from "../chain.ts";

/** The newest record that this file knows to have been written; null when it says nothing. */
export function readHead(file: string): Link | null {
  try {
    const [, seq, hash = ""] = /^([1-9]\d*) ([0-9a-f]{64})\n$/.exec(readFileSync(file, "utf8")) ?? [];
    return seq === undefined ? null : { seq: Number(seq), hash };
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return null;
    throw error;
  }
}

/**
 * Remembers the newest record, so that a missing end of the journal is noticed. Written after the
 * record is durable, and not synced itself: it may lag behind the journal, and never runs ahead.
 */
export function writeHead(file: string, { seq, hash }: Link): void {
  try {
    writeFileSync(`${file}.tmp`, `${seq} ${hash}\n`);
    renameSync(`${file}.tmp`, file);
  } catch {
    // The record is there whatever becomes of this; a head that lags behind is read all the same.
  }
}
