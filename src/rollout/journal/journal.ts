import type { RolloutEvent } from "../engine/events.ts";

/** One thing that a rollout decided or saw. Records form a chain: each holds the hash of the one before. */
export interface JournalRecord {
  /** 1, 2, 3, … */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: RolloutEvent;
  /** Keys of the effects that were decided because of it, written before they are carried out. */
  readonly effects: readonly string[];
  /** Hash of the record before; 64 zeros for the first. */
  readonly prev: string;
  /** SHA-256 (hex) over the canonical JSON of everything above. */
  readonly hash: string;
}

export type JournalEntry = Pick<JournalRecord, "at" | "event" | "effects">;

/** Where the records of one rollout lie: append-only. */
export interface RolloutJournal {
  readonly rolloutId: string;

  /**
   * Runs `work` while nobody else reads to append. Waits a bounded time for others, then fails with
   * IOT_ROLLOUT_LOCKED.
   */
  exclusively<T>(work: (records: readonly JournalRecord[], append: Append) => Promise<T>): Promise<T>;

  /** All records, checked; IOT_JOURNAL_DAMAGED names the first that does not fit the chain. */
  read(): Promise<readonly JournalRecord[]>;
}

/** Makes entries durable before it returns. */
export type Append = (entries: readonly JournalEntry[]) => void;

/** The journals of one environment. */
export interface RolloutJournals {
  /** Runs `work` while nobody else begins a rollout; waits a bounded time, then IOT_ROLLOUT_LOCKED. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Newest last. */
  list(): Promise<readonly string[]>;
  open(rolloutId: string): RolloutJournal;
  /** Creates the journal; IOT_ROLLOUT_EXISTS when there is one. */
  create(rolloutId: string, first: JournalEntry): Promise<RolloutJournal>;
}
