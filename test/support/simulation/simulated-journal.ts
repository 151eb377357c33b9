import { chainRecord } from "../../../src/rollout/journal/chain.ts";
import type {
  JournalEntry,
  JournalRecord,
  RolloutJournal,
  RolloutJournals,
  TurnHold,
} from "../../../src/rollout/journal/journal.ts";
import { rolloutLocked, turnLost } from "../../../src/rollout/journal/rollout-locked.ts";

/** Called before and after a write or a call; throws where the process is to die or a remote is away. */
export type Strike = (moment: "before" | "after", what: string) => void | Promise<void>;

/** A journal whose turns may be lost, and whose every write may be the last that a process does. */
export class SimulatedJournal implements RolloutJournal {
  readonly rolloutId: string;
  readonly records: JournalRecord[] = [];
  /** How many of them whoever has the turn has read or written. */
  known = 0;
  readonly #strike: Strike;
  #holder: object | null = null;

  constructor(rolloutId: string, strike: Strike) {
    this.rolloutId = rolloutId;
    this.#strike = strike;
  }

  async read(after?: JournalRecord): Promise<readonly JournalRecord[]> {
    this.known = this.records.length;
    return this.records.slice(after?.seq ?? 0);
  }

  async append(record: JournalRecord): Promise<boolean> {
    await this.#strike("before", "append");
    const there = this.records[record.seq - 1];
    if (there) return there.hash === record.hash;
    if (record.seq !== this.records.length + 1) throw new Error(`record ${record.seq} follows nothing`);
    // Like everything that is written down, it comes back as a copy.
    this.records.push(JSON.parse(JSON.stringify(record)) as JournalRecord);
    this.known = this.records.length;
    await this.#strike("after", "append");
    return true;
  }

  async turn<T>(work: (hold: TurnHold) => Promise<T>): Promise<T> {
    if (this.#holder) throw rolloutLocked(this.rolloutId);
    const holder = {};
    this.#holder = holder;
    const assertHeld = (): void => {
      if (this.#holder !== holder) throw turnLost(this.rolloutId);
    };
    try {
      return await work({ assertHeld });
    } finally {
      if (this.#holder === holder) this.#holder = null;
    }
  }

  /** Whoever has the turn was not heard of for too long: it is free. */
  loseTurn(): void {
    this.#holder = null;
  }
}

/** The journals of an environment with one rollout. */
export class SimulatedJournals implements RolloutJournals {
  readonly #strike: Strike;
  #journal: SimulatedJournal | null = null;

  constructor(strike: Strike) {
    this.#strike = strike;
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async list(): Promise<readonly string[]> {
    return this.#journal && this.#journal.records.length > 0 ? [this.#journal.rolloutId] : [];
  }

  async first(rolloutId: string): Promise<JournalRecord> {
    return this.open(rolloutId).records[0]!;
  }

  open(rolloutId: string): SimulatedJournal {
    if (this.#journal?.rolloutId !== rolloutId) throw new Error(`there is no rollout ${rolloutId}`);
    return this.#journal;
  }

  async create(rolloutId: string, first: JournalEntry): Promise<SimulatedJournal> {
    this.#journal = new SimulatedJournal(rolloutId, this.#strike);
    await this.#journal.append(chainRecord(undefined, first));
    return this.#journal;
  }
}
