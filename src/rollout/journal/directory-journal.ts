import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { diskError } from "../../base/atomic-file.ts";
import type { Clock } from "../../base/clock.ts";
import { isSystemError } from "../../base/errors.ts";
import { tryExclusiveLock } from "../../base/exclusive-lock.ts";
import { formatRecord, parseRecords } from "./chain.ts";
import type { JournalRecord, RolloutJournal, TurnHold } from "./journal.ts";
import { rolloutLocked } from "./rollout-locked.ts";
import { waitForLock } from "./wait-for-lock.ts";

/** The lock ends with the process, so a turn that was begun cannot be lost. */
const heldByProcess: TurnHold = { assertHeld: () => {} };

/**
 * A journal as a file with one record a line. Beside it are two locks of the operating system: one
 * for whose turn it is, and one that is held for the moment of each append.
 */
export class DirectoryJournal implements RolloutJournal {
  readonly rolloutId: string;
  readonly #file: string;
  readonly #clock: Clock;

  constructor(rolloutId: string, file: string, clock: Clock) {
    this.rolloutId = rolloutId;
    this.#file = file;
    this.#clock = clock;
  }

  async read(after?: JournalRecord): Promise<readonly JournalRecord[]> {
    const { records } = this.#readFile();
    return after ? records.slice(after.seq) : records;
  }

  async append(record: JournalRecord): Promise<boolean> {
    const lock = await waitForLock(join(dirname(this.#file), "append-lock"), this.rolloutId, this.#clock);
    try {
      const { records, wholeBytes } = this.#readFile();
      const there = records[record.seq - 1];
      if (there) return there.hash === record.hash;
      appendDurably(this.#file, wholeBytes, formatRecord(record));
      return true;
    } finally {
      lock.release();
    }
  }

  async turn<T>(work: (hold: TurnHold) => Promise<T>): Promise<T> {
    const lock = tryExclusiveLock(join(dirname(this.#file), "lock"));
    if (!lock) throw rolloutLocked(this.rolloutId);
    try {
      return await work(heldByProcess);
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
    if (fstatSync(descriptor).size > atByte) ftruncateSync(descriptor, atByte);
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
