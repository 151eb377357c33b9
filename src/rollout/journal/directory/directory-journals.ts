import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fsyncDirectory } from "../../../base/atomic-file.ts";
import type { Clock } from "../../../base/clock.ts";
import { chainRecord, chainStart, readRecord } from "../chain.ts";
import { journalDamaged } from "../journal-damaged.ts";
import type { JournalEntry, JournalRecord, RolloutJournal, RolloutJournals } from "../journal.ts";
import { beginningLocked } from "../rollout-locked.ts";
import { inOrderOfBeginning, isRolloutId, rolloutExists, rolloutUnknown } from "../rollout-ids.ts";
import { DirectoryJournal, headName, journalName } from "./directory-journal.ts";
import { readHead } from "./journal-head.ts";
import { waitForLock } from "./wait-for-lock.ts";
import { wholeLines } from "./whole-lines.ts";

const beginningWaitMs = 10_000;

/** The journals of an environment as files: `<dir>/<rollout id>/journal.ndjson`. */
export class DirectoryJournals implements RolloutJournals {
  readonly #dir: string;
  readonly #clock: Clock;

  constructor(dir: string, clock: Clock) {
    this.#dir = dir;
    this.#clock = clock;
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    mkdirSync(this.#dir, { recursive: true });
    const lock = await waitForLock(join(this.#dir, "lock"), beginningWaitMs, this.#clock);
    if (!lock) throw beginningLocked(beginningWaitMs);
    try {
      return await work();
    } finally {
      lock.release();
    }
  }

  async list(): Promise<readonly string[]> {
    if (!existsSync(this.#dir)) return [];
    const found: { rolloutId: string; atMs: number }[] = [];
    for (const rolloutId of readdirSync(this.#dir)) {
      if (!this.#isThere(rolloutId)) continue;
      const atMs = this.#beganAtMs(rolloutId);
      if (atMs !== null) found.push({ rolloutId, atMs });
    }
    return inOrderOfBeginning(found);
  }

  async first(rolloutId: string): Promise<JournalRecord> {
    const first = this.#isThere(rolloutId) ? this.#first(rolloutId) : null;
    if (first === null) throw rolloutUnknown(rolloutId, this.#dir);
    return first;
  }

  open(rolloutId: string): RolloutJournal {
    if (!this.#isThere(rolloutId)) throw rolloutUnknown(rolloutId, this.#dir);
    return this.#journal(rolloutId);
  }

  async create(rolloutId: string, first: JournalEntry): Promise<RolloutJournal> {
    mkdirSync(join(this.#dir, rolloutId), { recursive: true });
    const journal = this.#journal(rolloutId);
    const isFirst =
      (await journal.read()).length === 0 && (await journal.append(chainRecord(undefined, first)));
    if (!isFirst) throw rolloutExists(rolloutId);
    fsyncDirectory(join(this.#dir, rolloutId));
    fsyncDirectory(this.#dir);
    return journal;
  }

  #isThere(rolloutId: string): boolean {
    const has = (name: string): boolean => existsSync(join(this.#dir, rolloutId, name));
    return isRolloutId(rolloutId) && (has(journalName) || has(headName));
  }

  /** Null when it never did. One rollout that cannot be read hides no other: that is for its own reader to say. */
  #beganAtMs(rolloutId: string): number | null {
    try {
      return this.#first(rolloutId)?.at ?? null;
    } catch {
      return Infinity;
    }
  }

  /** A journal is not read whole for its beginning. Null where no record was ever acknowledged. */
  #first(rolloutId: string): JournalRecord | null {
    const file = join(this.#dir, rolloutId, journalName);
    if (existsSync(file)) {
      for (const { text } of wholeLines(file, 0)) return readRecord(text, chainStart, file);
    }
    if (readHead(join(this.#dir, rolloutId, headName)) === null) return null;
    throw journalDamaged(file, 1, "what was written there is not there any more");
  }

  #journal(rolloutId: string): DirectoryJournal {
    return new DirectoryJournal(rolloutId, join(this.#dir, rolloutId), this.#clock);
  }
}
