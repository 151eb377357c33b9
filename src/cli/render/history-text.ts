import { OwnBooks } from "../../rollout/engine/books.ts";
import { decide } from "../../rollout/engine/decide.ts";
import { type Moment, momentOf, tellDecisions } from "../../rollout/engine/describe-decisions.ts";
import type { RolloutState } from "../../rollout/engine/state.ts";
import type { JournalRecord } from "../../rollout/journal/journal.ts";
import { historyLine } from "./history-line.ts";

/** A journal as a log. It is folded along, so that each record is followed by what it came to. */
export function historyText(records: readonly JournalRecord[]): string {
  const books = new OwnBooks();
  let state: RolloutState | null = null;
  let before: Moment | null = null;
  const lines: string[] = [];
  for (const record of records) {
    state = decide(state, record.event, record.at, books).state;
    const after: Moment | null = state && momentOf(state, books.tally(state), record.at);
    lines.push(historyLine(record, after ? tellDecisions(before, after) : []));
    before = after;
  }
  return lines.join("\n");
}
