import { IotctlError } from "../../src/base/errors.ts";
import { chainRecord } from "../../src/rollout/journal/chain.ts";
import type {
  JournalEntry,
  JournalRecord,
  RolloutJournal,
  RolloutJournals,
  TurnHold,
} from "../../src/rollout/journal/journal.ts";
import { rolloutLocked } from "../../src/rollout/journal/rollout-locked.ts";

/** Called before and after a write or a call; throws where the process is to die or a remote is away. */
export type Strike = (moment: "before" | "after", what: string) => void;

/** A journal in memory: through JSON, and able to lose the process before or after each write. */
export class MemoryJournal implements RolloutJournal {
  readonly rolloutId: string;
  readonly records: JournalRecord[] = [];
  readonly #strike: Strike;
  #inTurn = false;

  constructor(rolloutId: string, strike: Strike = () => {}) {
    this.rolloutId = rolloutId;
    this.#strike = strike;
  }

  async read(after?: JournalRecord): Promise<readonly JournalRecord[]> {
    return this.records.slice(after?.seq ?? 0);
  }

  async append(record: JournalRecord): Promise<boolean> {
    this.#strike("before", "append");
    const there = this.records[record.seq - 1];
    if (there) return there.hash === record.hash;
    this.records.push(JSON.parse(JSON.stringify(record)) as JournalRecord);
    this.#strike("after", "append");
    return true;
  }

  async turn<T>(work: (hold: TurnHold) => Promise<T>): Promise<T> {
    if (this.#inTurn) throw rolloutLocked(this.rolloutId);
    this.#inTurn = true;
    try {
      return await work({ assertHeld: () => {} });
    } finally {
      this.#inTurn = false;
    }
  }
}

/** The journals of one environment, in memory. */
export class MemoryJournals implements RolloutJournals {
  readonly #strike: Strike;
  readonly #journals = new Map<string, MemoryJournal>();
  #beginning: Promise<unknown> = Promise.resolve();

  constructor(strike: Strike = () => {}) {
    this.#strike = strike;
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#beginning.then(work);
    this.#beginning = done.catch(() => {});
    return done;
  }

  async list(): Promise<readonly string[]> {
    return [...this.#journals.values()]
      .filter(({ records }) => records.length > 0)
      .toSorted((a, b) => (a.records[0]?.at ?? 0) - (b.records[0]?.at ?? 0))
      .map(({ rolloutId }) => rolloutId);
  }

  open(rolloutId: string): MemoryJournal {
    const journal = this.#journals.get(rolloutId);
    if (!journal) throw new IotctlError("IOT_ROLLOUT_UNKNOWN", `There is no rollout ${rolloutId}.`);
    return journal;
  }

  async create(rolloutId: string, first: JournalEntry): Promise<MemoryJournal> {
    const journal = this.#journals.get(rolloutId) ?? new MemoryJournal(rolloutId, this.#strike);
    if (journal.records.length > 0) {
      throw new IotctlError("IOT_ROLLOUT_EXISTS", `There is a rollout ${rolloutId} already.`);
    }
    this.#journals.set(rolloutId, journal);
    await journal.append(chainRecord(undefined, first));
    return journal;
  }
}
