import { IotctlError } from "../../src/base/errors.ts";
import { chainRecord } from "../../src/rollout/journal/chain.ts";
import type {
  Append,
  JournalEntry,
  JournalRecord,
  RolloutJournal,
  RolloutJournals,
} from "../../src/rollout/journal/journal.ts";

/** Called before and after a write or a call; throws where the process is to die or a remote is away. */
export type Strike = (moment: "before" | "after", what: string) => void;

/** A journal in memory: chained, through JSON, and able to lose the process before or after each write. */
export class MemoryJournal implements RolloutJournal {
  readonly rolloutId: string;
  readonly records: JournalRecord[] = [];
  readonly #strike: Strike;

  constructor(rolloutId: string, strike: Strike = () => {}) {
    this.rolloutId = rolloutId;
    this.#strike = strike;
  }

  async read(): Promise<readonly JournalRecord[]> {
    return this.records;
  }

  async exclusively<T>(work: (records: readonly JournalRecord[], append: Append) => Promise<T>): Promise<T> {
    return work([...this.records], (entries) => {
      this.#strike("before", "append");
      for (const entry of entries) this.#push(entry);
      this.#strike("after", "append");
    });
  }

  #push(entry: JournalEntry): void {
    const record = chainRecord(this.records.at(-1), entry);
    this.records.push(JSON.parse(JSON.stringify(record)) as JournalRecord);
  }
}

/** The journals of one environment, in memory. */
export class MemoryJournals implements RolloutJournals {
  readonly #strike: Strike;
  readonly #journals = new Map<string, MemoryJournal>();

  constructor(strike: Strike = () => {}) {
    this.#strike = strike;
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async list(): Promise<readonly string[]> {
    return [...this.#journals.keys()];
  }

  open(rolloutId: string): MemoryJournal {
    const journal = this.#journals.get(rolloutId);
    if (!journal) throw new IotctlError("IOT_ROLLOUT_UNKNOWN", `There is no rollout ${rolloutId}.`);
    return journal;
  }

  async create(rolloutId: string, first: JournalEntry): Promise<MemoryJournal> {
    if (this.#journals.has(rolloutId)) {
      throw new IotctlError("IOT_ROLLOUT_EXISTS", `There is a rollout ${rolloutId} already.`);
    }
    const journal = new MemoryJournal(rolloutId, this.#strike);
    this.#journals.set(rolloutId, journal);
    await journal.exclusively(async (_, append) => append([first]));
    return journal;
  }
}
