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
   * The records behind `after`, oldest first; all of them without it. The chain is checked:
   * IOT_JOURNAL_DAMAGED names the first record that does not fit, and is also thrown when `after`
   * itself is not there any more.
   */
  read(after?: JournalRecord): Promise<readonly JournalRecord[]>;

  /**
   * Makes a record durable behind the one it names as `prev`, and nothing else. False when another
   * record is there already: somebody was quicker, nothing was written. May be repeated after a lost
   * answer: a record that is there already with the same hash is true.
   */
  append(record: JournalRecord): Promise<boolean>;

  /**
   * Runs `work` while nobody else takes a turn with this rollout. Does not wait: IOT_ROLLOUT_LOCKED
   * when another process has its turn. Operators append without it.
   */
  turn<T>(work: (hold: TurnHold) => Promise<T>): Promise<T>;
}

/** That it is one's turn. */
export interface TurnHold {
  /** Throws IOT_ROLLOUT_LOCKED when the turn was lost meanwhile, as to a process that was frozen for long. */
  assertHeld(): void;
}

/** The journals of one environment. */
export interface RolloutJournals {
  /** Runs `work` while nobody else begins a rollout; waits a bounded time, then IOT_ROLLOUT_LOCKED. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** In the order in which they began; one whose beginning cannot be read is there all the same, behind the others. */
  list(): Promise<readonly string[]>;
  /** The first record of a rollout, whatever became of those behind it; throws what reading that throws. */
  first(rolloutId: string): Promise<JournalRecord>;
  /** The journal of a rollout; IOT_ROLLOUT_UNKNOWN when there is none, here or at the first read. */
  open(rolloutId: string): RolloutJournal;
  /** Creates the journal with its first record; IOT_ROLLOUT_EXISTS when there is one. */
  create(rolloutId: string, first: JournalEntry): Promise<RolloutJournal>;
}
