import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fsyncDirectory } from "../../../base/atomic-file.ts";
import type { Clock } from "../../../base/clock.ts";
import { chainRecord, chainStart, readRecord } from "../chain.ts";
import type { JournalEntry, RolloutJournal, RolloutJournals } from "../journal.ts";
import { beginningLocked } from "../rollout-locked.ts";
import { inOrderOfBeginning, isRolloutId, rolloutExists, rolloutUnknown } from "../rollout-ids.ts";
import { DirectoryJournal, journalName } from "./directory-journal.ts";
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
      const file = join(this.#dir, rolloutId, journalName);
      if (!isRolloutId(rolloutId) || !existsSync(file)) continue;
      for (const { text } of wholeLines(file, 0)) {
        found.push({ rolloutId, atMs: readRecord(text, chainStart, file).at });
        // A journal is not read whole for its beginning; one without a whole line never was a rollout.
        break;
      }
    }
    return inOrderOfBeginning(found);
  }

  open(rolloutId: string): RolloutJournal {
    if (!isRolloutId(rolloutId) || !existsSync(join(this.#dir, rolloutId, journalName))) {
      throw rolloutUnknown(rolloutId, this.#dir);
    }
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

  #journal(rolloutId: string): DirectoryJournal {
    return new DirectoryJournal(rolloutId, join(this.#dir, rolloutId), this.#clock);
  }
}
