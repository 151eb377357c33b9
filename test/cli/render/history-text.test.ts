import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { historyText } from "../../../src/cli/render/history-text.ts";
import type { RolloutEvent } from "../../../src/rollout/engine/events.ts";
import { partsOfLook } from "../../../src/rollout/engine/parts-of-look.ts";
import { parseRecords } from "../../../src/rollout/journal/chain.ts";
import type { JournalRecord } from "../../../src/rollout/journal/journal.ts";
import { fleetOf, hourMs, observed, planDigest, run } from "../../support/fan-rollout.ts";
import {
  canaryBad,
  canaryGood,
  canaryUnderWay,
  nightConfig,
  nightMs,
  nightPopulation,
  said,
  type Told,
  wayBackTo,
} from "../../support/night-rollout.ts";

/** The journal of what was told, with every effect confirmed at once. */
function journalOf(told: readonly Told[], isOpen = true): JournalRecord[] {
  const records: JournalRecord[] = [];
  let state = run(null, nightMs, { type: "started", config: nightConfig() });
  const write = (event: RolloutEvent, at: number): void => {
    const before = new Set(state.pending.map(({ key }) => key));
    if (event.type !== "started") state = run(state, at, event);
    const effects = state.pending
      .map(({ key }) => key)
      .filter((key) => event.type === "started" || !before.has(key));
    records.push({ seq: records.length + 1, at, event, effects, prev: "", hash: "" });
  };
  const confirm = (at: number): void => {
    for (let turn = 0; turn < 50 && state.pending.length > 0; turn++) {
      const [effect] = state.pending;
      const wayBack = effect?.kind === "plan-way-back" ? wayBackTo("1.9.4", isOpen) : undefined;
      write({ type: "effect-done", key: effect!.key, ...(wayBack && { wayBack }) }, at);
    }
  };
  write({ type: "started", config: nightConfig() }, nightMs);
  for (const [hours, event] of told) {
    confirm(nightMs);
    write(event, nightMs + hours * hourMs);
    confirm(nightMs + hours * hourMs);
  }
  return records;
}

describe("the history of a rollout", () => {
  it("says after each record what was decided", () => {
    const freezes = [{ fromMs: nightMs, untilMs: nightMs + 20 * hourMs, why: "black friday" }];
    const skip: RolloutEvent = {
      type: "bake-skipped",
      stage: "fleet",
      wave: "fleet 50%",
      planDigest,
      by: "ann",
      reason: "an urgent repair",
      statement: "{}",
    };
    const records = journalOf([
      canaryUnderWay,
      canaryGood,
      [2.5, said("denied", "bert", "not before Monday")],
      [2.5, { ...said("approved", "ann"), statement: "{}" } as RolloutEvent],
      [3, said("approved", "bert")],
      [3, { type: "freezes-changed", freezes }],
      [3, observed({ population: nightPopulation })],
      [21, { type: "freezes-changed", freezes: [] }],
      [23, observed({ population: nightPopulation, progress: fleetOf("late", 4) })],
      [23.5, { type: "retried", by: "ann", reason: "", deviceIds: ["bad-0"] }],
      [23.5, skip],
    ]);
    expect(historyText(records)).toMatchInlineSnapshot(`
      "   1  2026-11-22T10:00:00.000Z  started fan 1.0.0 in production → deploy:cloud@5.2.0
                                      stage canary begins, phase 1 of 2
         2  2026-11-22T10:00:00.000Z  done deploy:cloud@5.2.0
         3  2026-11-22T10:15:00.000Z  saw 7 updated and heard from since: fan-0, fan-1, fan-2, fan-3, fan-4 and 2 more; bad-0 failed (no space left); 2 updating: busy-0, busy-1; crashes at 1; latency at 0.31234; 1 waiting
         4  2026-11-22T12:00:00.000Z  saw 32 updated and heard from since: fan-0, fan-1, fan-2, fan-3, fan-4 and 27 more; crashes at 1; latency at nothing (connection refused)
                                      gate updated of fan 2.0.0 passed: 32 of 33 devices good
                                      gate crashes of fan 2.0.0 passed: 1199 of 1200 counted good
                                      stage fleet waits for people: 2 approvals are missing
         5  2026-11-22T12:30:00.000Z  bert denied stage fleet (not before Monday), unsigned
         6  2026-11-22T12:30:00.000Z  ann approved stage fleet
         7  2026-11-22T13:00:00.000Z  bert approved stage fleet, unsigned
         8  2026-11-22T13:00:00.000Z  freezes are: black friday from 2026-11-22 10:00 UTC to 2026-11-23 06:00 UTC
         9  2026-11-22T13:00:00.000Z  looked
                                      nothing begins: freeze: black friday until 2026-11-23 08:00 UTC
        10  2026-11-23T07:00:00.000Z  there are no freezes
                                      nothing begins: outside of Mon-Thu 09:00-16:00 Europe/Amsterdam until 2026-11-23 08:00 UTC
        11  2026-11-23T09:00:00.000Z  saw 4 updated and heard from since: late-0, late-1, late-2, late-3
                                      stage fleet 50% begins
        12  2026-11-23T09:30:00.000Z  ann asked to try bad-0 again
        13  2026-11-23T09:30:00.000Z  ann ended the bake time of fleet 50% (an urgent repair)"
    `);
  });

  it.each([true, false])("says that it turned round, and how the way back is: %s", (isOpen) => {
    const text = historyText(journalOf([canaryUnderWay, canaryBad], isOpen));
    expect(text).toContain("gate updated of fan 2.0.0 failed: 9 of 29 devices good");
    expect(text).toContain("it turns round: gate updated, 20 of 29 devices failed, more than 40% allows");
    expect(text).toContain(
      isOpen
        ? "the way back to fan 1.9.4 is open"
        : "the way back to fan 1.9.4 is closed: app@4.1.0 does not fit fan@1.9.4",
    );
    expect(text.includes("it has failed and holds")).toBe(!isOpen);
  });

  it("tells journals of earlier releases, too", () => {
    const file = new URL("../../rollout/journals/first-rules.ndjson", import.meta.url);
    const { records } = parseRecords(readFileSync(file, "utf8"), "first-rules.ndjson");
    const lines = historyText(records).split("\n");
    expect(lines.filter((line) => / {30}stage .* begins/.test(line)).length).toBeGreaterThan(3);
    expect(lines.at(-1)).toMatch(/ {30}it is completed$/);
  });

  it("tells a look that came in parts as one, with who has to wait and who has not any more", () => {
    const look = observed({
      progress: fleetOf("fan", 7),
      waits: { "w-1": "its app is too old", "w-2": "its app is too old", "w-3": null },
    });
    const whole = journalOf([[1, look]]);
    const parts = journalOf(partsOfLook(look, 2).map((part): Told => [1, part]));
    expect(parts.length).toBeGreaterThan(whole.length + 4);
    const told = (records: readonly JournalRecord[]): string[] =>
      historyText(records)
        .split("\n")
        .map((line) => line.slice(6));
    expect(told(parts)).toEqual(told(whole));
    expect(told(whole)).toContainEqual(
      expect.stringMatching(
        /saw 7 updated.*; 2 waiting \(its app is too old\): w-1, w-2; w-3 not waiting any more$/,
      ),
    );
    // A person spoke in between: what had been seen so far is told before.
    const [first, ...rest] = partsOfLook(look, 2).map((part): Told => [1, part]);
    const paused: Told = [1, { type: "paused", by: "ann", reason: "" }];
    const lines = told(journalOf([first!, paused, ...rest])).filter((line) => /saw|paused/.test(line));
    expect(lines.map((line) => /saw|paused/.exec(line)?.[0])).toEqual(["saw", "paused", "saw"]);
  });

  it("tells of a freeze that no date reaches the end of", () => {
    const freezes = [{ fromMs: nightMs, untilMs: Number.MAX_SAFE_INTEGER, why: "for ever" }];
    const records = journalOf([[1, { type: "freezes-changed", freezes }]]);
    expect(historyText(records)).toContain(
      "freezes are: for ever from 2026-11-22 10:00 UTC to +275760-09-13 00:00 UTC",
    );
  });

  it("shows nothing that could rewrite the terminal", () => {
    const records = journalOf([[1, { type: "paused", by: "ann\u001b[2J", reason: "\u001b]0;x\u0007why" }]]);
    expect(historyText(records)).toContain("ann paused (why)");
  });
});
