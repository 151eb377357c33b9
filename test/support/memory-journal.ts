import { IotctlError } from "../../src/base/errors.ts";
import { chainRecord, chainStart } from "../../src/rollout/journal/chain.ts";
import { journalDamaged } from "../../src/rollout/journal/journal-damaged.ts";
import type {
  JournalEntry,
  JournalRecord,
  RolloutJournal,
  RolloutJournals,
  TurnHold,
} from "../../src/rollout/journal/journal.ts";
import { inOrderOfBeginning } from "../../src/rollout/journal/rollout-ids.ts";
import { beginningLocked, rolloutLocked } from "../../src/rollout/journal/rollout-locked.ts";

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
    const newest = this.records.at(-1) ?? chainStart;
    if (record.prev !== newest.hash) throw journalDamaged(this.rolloutId, record.seq, "it leaves a gap");
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
  #beginning = false;

  constructor(strike: Strike = () => {}) {
    this.#strike = strike;
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#beginning) throw beginningLocked(0);
    this.#beginning = true;
    try {
      return await work();
    } finally {
      this.#beginning = false;
    }
  }

  async list(): Promise<readonly string[]> {
    return inOrderOfBeginning(
      [...this.#journals.values()].flatMap(({ rolloutId, records: [first] }) =>
        first ? [{ rolloutId, atMs: first.at }] : [],
      ),
    );
  }

  async first(rolloutId: string): Promise<JournalRecord> {
    return this.open(rolloutId).records[0]!;
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
