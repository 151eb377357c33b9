import { OwnBooks } from "../../rollout/engine/books.ts";
import { decide } from "../../rollout/engine/decide.ts";
import { type Moment, momentOf, tellDecisions } from "../../rollout/engine/describe-decisions.ts";
import type { RolloutEvent } from "../../rollout/engine/events.ts";
import type { RolloutState } from "../../rollout/engine/state.ts";
import type { JournalRecord } from "../../rollout/journal/journal.ts";
import { historyLine } from "./history-line.ts";

/** A journal as a log. It is folded along, so that each record is followed by what it came to. */
export function historyText(records: readonly JournalRecord[]): string {
  const books = new OwnBooks();
  let state: RolloutState | null = null;
  let before: Moment | null = null;
  const lines: string[] = [];
  for (const whole of wholeLooks(records)) {
    for (const { at, event } of whole) state = decide(state, event, at, books).state;
    const record = asOne(whole);
    const after: Moment | null = state && momentOf(state, books.tally(state), record.at);
    lines.push(historyLine(record, after ? tellDecisions(before, after) : []));
    before = after;
  }
  return lines.join("\n");
}

/** A look at many devices comes in parts, unless somebody speaks in between; each list is told as one record. */
function wholeLooks(records: readonly JournalRecord[]): JournalRecord[][] {
  const wholes: JournalRecord[][] = [];
  let isOpen = false;
  for (const record of records) {
    const isLook = record.event.type === "observed";
    if (isOpen && isLook) wholes.at(-1)?.push(record);
    else wholes.push([record]);
    isOpen = record.event.type === "observed" && record.event.more === true;
  }
  return wholes;
}

function asOne(whole: readonly JournalRecord[]): JournalRecord {
  const last = whole.at(-1)!;
  const event = whole.map((record) => record.event).reduce(joined);
  return { ...last, event, effects: whole.flatMap(({ effects }) => effects) };
}

function joined(before: RolloutEvent, next: RolloutEvent): RolloutEvent {
  if (before.type !== "observed" || next.type !== "observed") return next;
  return {
    ...next,
    lapsed: [...before.lapsed, ...next.lapsed],
    progress: { ...before.progress, ...next.progress },
    returning: { ...before.returning, ...next.returning },
    waits: { ...before.waits, ...next.waits },
  };
}
