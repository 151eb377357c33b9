import { join } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import { IotctlError, isSystemError } from "../../../base/errors.ts";
import { tryExclusiveLock } from "../../../base/exclusive-lock.ts";
import { brokenLink, chainStart, formatRecord, type Link, readRecord } from "../chain.ts";
import { journalDamaged } from "../journal-damaged.ts";
import type { JournalRecord, RolloutJournal, TurnHold } from "../journal.ts";
import { rolloutLocked } from "../rollout-locked.ts";
import { appendDurably } from "./append-durably.ts";
import { readHead, writeHead } from "./journal-head.ts";
import { waitForLock } from "./wait-for-lock.ts";
import { type Line, lineBytesMax, wholeLines } from "./whole-lines.ts";

export const journalName = "journal.ndjson";
export const headName = "head";

/** An append takes a few milliseconds; whoever holds its lock for so long hangs. */
const appendWaitMs = 10_000;

/** The lock ends with the process, so a turn that was begun cannot be lost. */
const heldByProcess: TurnHold = { assertHeld: () => {} };

/** A record that was read and checked, and where its line begins. */
interface Place {
  readonly record: Link & Pick<JournalRecord, "prev">;
  readonly startByte: number;
}

interface Tail {
  readonly records: readonly JournalRecord[];
  /** The newest record of the file; null when it has none. */
  readonly newest: Place | null;
  /** End of the last whole line. */
  readonly endByte: number;
}

/**
 * A journal as a file with one record a line, of which only what is new is read again. Beside it are
 * two locks of the operating system: one for whose turn it is, and one held for the moment of each append.
 */
export class DirectoryJournal implements RolloutJournal {
  readonly rolloutId: string;
  readonly #dir: string;
  readonly #file: string;
  readonly #clock: Clock;
  readonly #lineBytesMax: number;
  #known: Place | null = null;

  constructor(rolloutId: string, dir: string, clock: Clock, maxBytes = lineBytesMax) {
    this.rolloutId = rolloutId;
    this.#dir = dir;
    this.#file = join(dir, journalName);
    this.#clock = clock;
    this.#lineBytesMax = maxBytes;
  }

  async read(after?: JournalRecord): Promise<readonly JournalRecord[]> {
    const from = after && this.#known?.record.hash === after.hash ? this.#known : null;
    const { records, newest } = this.#behind(from);
    this.#known = newest;
    if (!after || from) return records;
    if (records[after.seq - 1]?.hash !== after.hash) throw this.#replaced(after.seq);
    return records.slice(after.seq);
  }

  async append(record: JournalRecord): Promise<boolean> {
    const text = formatRecord(record);
    const sizeBytes = Buffer.byteLength(text) - 1;
    if (sizeBytes > this.#lineBytesMax) throw recordTooLarge(record, sizeBytes, this.#lineBytesMax);
    const lock = await waitForLock(join(this.#dir, "append-lock"), appendWaitMs, this.#clock);
    if (!lock) throw rolloutLocked(this.rolloutId);
    try {
      const from = record.seq > (this.#known?.record.seq ?? 0) ? this.#known : null;
      const { records, newest, endByte } = this.#behind(from);
      const there = records[record.seq - (from?.record.seq ?? 0) - 1];
      if (there) return there.hash === record.hash;
      const problem = brokenLink(newest?.record ?? chainStart, record);
      if (problem !== null) throw journalDamaged(this.#file, record.seq, problem);
      appendDurably(this.#file, endByte, text);
      writeHead(join(this.#dir, headName), record);
      this.#known = { record, startByte: endByte };
      return true;
    } finally {
      lock.release();
    }
  }

  async turn<T>(work: (hold: TurnHold) => Promise<T>): Promise<T> {
    const lock = tryExclusiveLock(join(this.#dir, "lock"));
    if (!lock) throw rolloutLocked(this.rolloutId);
    try {
      return await work(heldByProcess);
    } finally {
      lock.release();
    }
  }

  /** Reads on behind a place, and the record there once more: it must be the same still. */
  #behind(from: Place | null): Tail {
    // Before the journal, which may grow meanwhile.
    const head = readHead(join(this.#dir, headName));
    const records: JournalRecord[] = [];
    let [newest, endByte] = [from, from?.startByte ?? 0];
    let after: Link = from ? { seq: from.record.seq - 1, hash: from.record.prev } : chainStart;
    for (const line of this.#lines(endByte)) {
      const record = readRecord(line.text, after, this.#file);
      records.push(record);
      newest = { record, startByte: line.startByte };
      endByte = line.endByte;
      after = record;
    }
    const first = from?.record.seq ?? 1;
    if (head && head.seq >= first && records[head.seq - first]?.hash !== head.hash) {
      throw this.#replaced(Math.min(head.seq, first + records.length));
    }
    if (from && records.shift()?.hash !== from.record.hash) throw this.#replaced(from.record.seq);
    return { records, newest, endByte };
  }

  *#lines(fromByte: number): Generator<Line> {
    try {
      yield* wholeLines(this.#file, fromByte, this.#lineBytesMax);
    } catch (error) {
      if (!isSystemError(error, "ENOENT")) throw error;
    }
  }

  #replaced(seq: number): Error {
    return journalDamaged(this.#file, seq, "what was written there is not there any more");
  }
}

/** A line that no reader would take must not be written. */
function recordTooLarge({ seq }: JournalRecord, sizeBytes: number, maxBytes: number): IotctlError {
  return new IotctlError(
    "IOT_JOURNAL_RECORD_TOO_LARGE",
    `Record ${seq} would have ${sizeBytes} bytes; a line of a journal has at most ${maxBytes}.`,
    { hints: ["Release to fewer devices at a time: more waves, or a smaller `max`"], details: { sizeBytes } },
  );
}
