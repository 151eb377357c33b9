import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { diskError } from "../../base/atomic-file.ts";
import type { Clock } from "../../base/clock.ts";
import { isSystemError } from "../../base/errors.ts";
import { chainRecord, formatRecord, parseRecords } from "./chain.ts";
import type { Append, JournalRecord, RolloutJournal } from "./journal.ts";
import { waitForLock } from "./wait-for-lock.ts";

/** A journal as a file with one record a line; a lock beside it lets one process at a time decide. */
export class DirectoryJournal implements RolloutJournal {
  readonly rolloutId: string;
  readonly #file: string;
  readonly #clock: Clock;

  constructor(rolloutId: string, file: string, clock: Clock) {
    this.rolloutId = rolloutId;
    this.#file = file;
    this.#clock = clock;
  }

  async read(): Promise<readonly JournalRecord[]> {
    return this.#readFile().records;
  }

  async exclusively<T>(work: (records: readonly JournalRecord[], append: Append) => Promise<T>): Promise<T> {
    const lock = await waitForLock(dirname(this.#file), this.rolloutId, this.#clock);
    try {
      const { records, wholeBytes } = this.#readFile();
      let last = records.at(-1);
      let sizeBytes = wholeBytes;
      const append: Append = (entries) => {
        let lines = "";
        for (const entry of entries) {
          last = chainRecord(last, entry);
          lines += formatRecord(last);
        }
        appendDurably(this.#file, sizeBytes, lines);
        sizeBytes += Buffer.byteLength(lines);
      };
      return await work(records, append);
    } finally {
      lock.release();
    }
  }

  #readFile(): ReturnType<typeof parseRecords> {
    try {
      return parseRecords(readFileSync(this.#file, "utf8"), this.#file);
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return { records: [], wholeBytes: 0 };
      throw error;
    }
  }
}

function appendDurably(file: string, atByte: number, lines: string): void {
  const descriptor = openSync(file, "a+");
  try {
    // What a crash left half-written was never acknowledged; the chain goes on behind the last whole record.
    ftruncateSync(descriptor, atByte);
    // Not writeSync: it may write a part of the lines and say so only in its result.
    writeFileSync(descriptor, lines);
    fsyncSync(descriptor);
  } catch (error) {
    ftruncateSync(descriptor, atByte);
    throw diskError(error, file);
  } finally {
    closeSync(descriptor);
  }
}
