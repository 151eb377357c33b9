import { IotctlError } from "../base/errors.ts";
import { OwnBooks } from "./engine/books.ts";
import { decide } from "./engine/decide.ts";
import type { RolloutEvent } from "./engine/events.ts";
import type { RolloutConfig, RolloutState } from "./engine/state.ts";
import { chainRecord } from "./journal/chain.ts";
import type { JournalRecord, RolloutJournal } from "./journal/journal.ts";

/** Looks at each record before it counts, such as at signatures; throws what is wrong with it. */
export type RecordCheck = (record: JournalRecord, config: RolloutConfig) => void | Promise<void>;

/** What came of an event: it is in the journal, it changed nothing, or others had written these before it. */
export type Taken = "written" | "nothing" | { readonly overtakenBy: readonly JournalRecord[] };

/**
 * A rollout as its journal has it. Reads what others append and folds that alone, so that a process
 * that stays looks at each record once.
 */
export class LiveRollout {
  readonly journal: RolloutJournal;
  readonly #check: RecordCheck;
  #books: OwnBooks = new OwnBooks();
  #state: RolloutState | null = null;
  #last: JournalRecord | undefined;
  #isRead = false;

  constructor(journal: RolloutJournal, check: RecordCheck = () => {}) {
    this.journal = journal;
    this.#check = check;
  }

  /** The state of the last record that was read; `catchUp` comes first. It may change in place with the next. */
  get state(): RolloutState {
    if (this.#state) return this.#state;
    if (!this.#isRead)
      throw new Error(`rollout ${this.journal.rolloutId} has to be read before it is looked at`);
    throw new IotctlError(
      "IOT_JOURNAL_DAMAGED",
      `The journal of rollout ${this.journal.rolloutId} does not begin with its start.`,
      { hints: ["Restore the journal from a backup"] },
    );
  }

  /** Reads on to the end of the journal. Returns what is new. */
  async catchUp(): Promise<readonly JournalRecord[]> {
    const records = await this.journal.read(this.#last);
    try {
      for (const record of records) await this.#fold(record);
    } catch (error) {
      // The books may hold what the record says that was not let through.
      this.#forget();
      throw error;
    }
    this.#isRead = true;
    return records;
  }

  /**
   * Decides what follows from an event and writes it down; one that changes nothing is not written.
   * Where others have written meanwhile their records are read first, and nothing was written: the
   * caller decides whether the event still makes sense.
   */
  async take(event: RolloutEvent, at: number): Promise<Taken> {
    const before = this.state;
    const decision = decide(before, event, at, this.#books);
    if (decision.state === before || decision.state === null) return "nothing";
    const record = chainRecord(this.#last, { at, event, effects: decision.effects.map(({ key }) => key) });
    const last = this.#last;
    // The books may hold what was decided already; until it is in the journal they do not count.
    this.#forget();
    if (await this.journal.append(record)) {
      this.#state = decision.state;
      this.#last = record;
      this.#isRead = true;
      return "written";
    }
    const records = await this.catchUp();
    return { overtakenBy: records.slice(last?.seq ?? 0) };
  }

  async #fold(record: JournalRecord): Promise<void> {
    const { state } = decide(this.#state, record.event, record.at, this.#books);
    if (state) await this.#check(record, state.config);
    this.#state = state;
    this.#last = record;
  }

  #forget(): void {
    this.#isRead = false;
    this.#books = new OwnBooks();
    this.#state = null;
    this.#last = undefined;
  }
}
