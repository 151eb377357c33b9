import { OwnBooks } from "./engine/books.ts";
import { decide } from "./engine/decide.ts";
import type { RolloutState } from "./engine/state.ts";
import type { JournalRecord } from "./journal/journal.ts";

/** The state of a rollout: its records, decided once more in their order. Null for an empty journal. */
export function foldJournal(records: readonly JournalRecord[]): RolloutState | null {
  const books = new OwnBooks();
  let state: RolloutState | null = null;
  for (const { event, at } of records) state = decide(state, event, at, books).state;
  return state;
}
