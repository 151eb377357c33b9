// How fast the engine decides, and how long it takes to fold what it decided: the events of a rollout
// to many devices, of which each look shows that some have got on.
import { type Books, copiedBooks, OwnBooks } from "../src/rollout/engine/books.ts";
import { decide } from "../src/rollout/engine/decide.ts";
import type { RolloutEvent } from "../src/rollout/engine/events.ts";
import type { DeviceProgress, RolloutState } from "../src/rollout/engine/state.ts";
import { foldJournal } from "../src/rollout/fold.ts";
import { chainRecord, formatRecord, parseRecords } from "../src/rollout/journal/chain.ts";
import type { JournalRecord } from "../src/rollout/journal/journal.ts";
import {
  fanConfig,
  fleetOf,
  observed,
  progress,
  run,
  settle,
  stage,
  started,
  wave,
} from "../test/support/fan-rollout.ts";
import { median, reportFigure } from "./figure.ts";

const bench = "engine";
const lookEveryMs = 60_000;

const everybody = [wave({ kind: "percent", percent: 100 }, 100)];
const begun = settle(started(fanConfig({ stages: [stage("all", { waves: everybody, bakeMs: 1e15 })] })), 0);
const population = { devices: 10_000, versions: { fan: { "1.9.4": 10_000 } } };

/** Devices get on some a look, one after the other: the first of them, then the next, then the first anew. */
function* looks(deviceCount: number, changedPerLook: number): Generator<RolloutEvent> {
  const statuses: readonly DeviceProgress[] = [
    progress({ status: "assigned", beganAtMs: null, heard: false }),
    progress({ status: "updating", heard: false }),
    progress({ heard: false }),
    progress(),
  ];
  for (let look = 0; ; look++) {
    const first = look * changedPerLook;
    const round = Math.floor(first / deviceCount);
    const changed = Object.fromEntries(
      Array.from({ length: changedPerLook }, (_, index) => {
        return [`fan-${(first + index) % deviceCount}`, statuses[round % statuses.length] ?? progress()];
      }),
    );
    yield observed({ progress: changed, population: look % 10 === 0 ? population : null });
  }
}

function timeMs(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

const rounds = 5;
const decisions = 200;

/** With books that are written in place, as a fold does, or that keep the state before. */
function decidePerSecond(deviceCount: number, books: Books): number {
  let state: RolloutState = run(begun, 1, observed({ progress: fleetOf("fan", deviceCount) }));
  const events = looks(deviceCount, 50);
  let atMs = 0;
  const ms = timeMs(() => {
    for (let count = 0; count < decisions; count++) {
      const event = events.next().value as RolloutEvent;
      state = decide(state, event, (atMs += lookEveryMs), books).state ?? state;
    }
  });
  return (decisions / ms) * 1000;
}

/** Copying the books is the least that a decision costs which leaves the state before as it was. */
function copiesPerSecond(deviceCount: number): number {
  const books = fleetOf("fan", deviceCount);
  let size = 0;
  const ms = timeMs(() => {
    for (let count = 0; count < decisions; count++)
      size += Object.keys({ ...books, more: progress() }).length;
  });
  if (size !== decisions * (deviceCount + 1)) throw new Error("the books were not copied");
  return (decisions / ms) * 1000;
}

function journalOf(recordCount: number, deviceCount: number): JournalRecord[] {
  const records = [
    chainRecord(undefined, { at: 0, event: { type: "started", config: begun.config }, effects: [] }),
  ];
  for (const { key } of started(begun.config).pending) {
    records.push(chainRecord(records.at(-1), { at: 0, event: { type: "effect-done", key }, effects: [] }));
  }
  const events = looks(deviceCount, 5);
  while (records.length < recordCount) {
    const event = events.next().value as RolloutEvent;
    records.push(chainRecord(records.at(-1), { at: records.length * lookEveryMs, event, effects: [] }));
  }
  return records;
}

for (const deviceCount of [1000, 10_000]) {
  const devices = `${deviceCount.toLocaleString("en")} devices`;
  const against = `copying the books of ${devices}`;
  const medianOf = (work: () => number): number => median(Array.from({ length: rounds }, work));
  const copies = medianOf(() => copiesPerSecond(deviceCount));
  reportFigure({ bench, figure: against, value: copies, unit: "copies/s", n: rounds });
  for (const [how, books] of [
    ["keeping the state before", () => copiedBooks],
    ["in place, as a fold does", () => new OwnBooks()],
  ] as const) {
    const value = medianOf(() => decidePerSecond(deviceCount, books()));
    const figure = `decide a look at which 50 of ${devices} have changed, ${how}`;
    reportFigure({ bench, figure, value, unit: "decisions/s", against, ratio: value / copies, n: rounds });
  }
}

for (const deviceCount of [1000, 10_000]) {
  const recordCount = 100_000;
  const records = journalOf(recordCount, deviceCount);
  const text = records.map(formatRecord).join("");
  const lines = text.split("\n").slice(0, -1);
  const of = `a journal of ${recordCount.toLocaleString("en")} records, ${deviceCount.toLocaleString("en")} devices`;
  const against = `JSON.parse of ${of}`;
  let bytes = 0;
  const parseMs = timeMs(() => {
    for (const line of lines) bytes += (JSON.parse(line) as JournalRecord).hash.length;
  });
  if (bytes !== recordCount * 64) throw new Error("the journal is not whole");
  reportFigure({ bench, figure: against, value: parseMs, unit: "ms", n: 1 });
  for (const [figure, work] of [
    ["reading, with every hash checked,", () => parseRecords(text, "bench")],
    ["folding", () => foldJournal(records)],
  ] as const) {
    const ms = timeMs(work);
    reportFigure({
      bench,
      figure: `${figure} ${of}`,
      value: ms,
      unit: "ms",
      against,
      ratio: ms / parseMs,
      n: 1,
    });
  }
}
