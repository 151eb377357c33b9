// Journals that were written by releases and are kept for ever: folded today they come to what they came to.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { consentVerifier } from "../../src/rollout/consent/consent-verifier.ts";
import { readRollout } from "../../src/rollout/advance.ts";
import { decide } from "../../src/rollout/engine/decide.ts";
import { describeRollout } from "../../src/rollout/engine/describe-rollout.ts";
import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { parseRecords } from "../../src/rollout/journal/chain.ts";
import type { JournalRecord } from "../../src/rollout/journal/journal.ts";
import { journalOf } from "../support/consents.ts";

interface Replay {
  readonly name: string;
  readonly rulesVersion: number;
  readonly status: RolloutState["status"];
}

const replays: readonly Replay[] = [
  // By the first rules: a service in a phase of its own, and a device that joins late.
  { name: "first-rules", rulesVersion: 1, status: "completed" },
  // By the second: a canary, a pause, an approval at one's word, and all the way back when somebody asked.
  { name: "second-rules", rulesVersion: 2, status: "rolled-back" },
  // Signed: a no, two yes of which one takes the no back, and the end of a bake time.
  { name: "consents", rulesVersion: 3, status: "completed" },
  // Gates of every measure, an hour without data, a window that shuts and a freeze.
  { name: "metrics", rulesVersion: 3, status: "completed" },
  // A gate fails, the way back is planned; one device sleeps through it and one fails on it.
  { name: "goes-back", rulesVersion: 3, status: "rolled-back" },
  { name: "retry", rulesVersion: 3, status: "completed" },
  // The store refuses the app; later somebody asks to go back.
  { name: "refused-then-back", rulesVersion: 3, status: "rolled-back" },
  { name: "aborted", rulesVersion: 3, status: "aborted" },
];

/** The members that a state had when it was kept; others were added since. */
function membersOf(end: object, state: RolloutState | null): object {
  return Object.fromEntries(Object.entries(state ?? {}).filter(([member]) => member in end));
}

function kept(name: string): string {
  return readFileSync(new URL(`journals/${name}`, import.meta.url), "utf8");
}

function recordsOf(name: string): readonly JournalRecord[] {
  return parseRecords(kept(`${name}.ndjson`), name).records;
}

describe.each(replays)("the journal $name", ({ name, rulesVersion, status }) => {
  const records = recordsOf(name);
  const end = JSON.parse(kept(`${name}.end.json`)) as object;

  it("decides once more what it had decided, record by record", () => {
    let state: RolloutState | null = null;
    for (const { at, effects, event, seq } of records) {
      const before: RolloutState | null = state;
      const decision = decide(before, event, at);
      expect(decision.state, `record ${seq} changes something`).not.toBe(before);
      expect(
        decision.effects.map(({ key }) => key),
        `effects of record ${seq}`,
      ).toEqual(effects);
      state = decision.state;
    }
    expect(membersOf(end, state)).toEqual(end);
    expect(state).toMatchObject({ status, config: { rulesVersion } });
    expect(describeRollout(state!, records.at(-1)!.at).status).toBe(status);
  });

  it("comes to the same as the loop reads it, with every consent verified", async () => {
    const verifier = consentVerifier({ trustedRootFile: null });
    expect(membersOf(end, await readRollout(await journalOf(records), verifier))).toEqual(end);
  });
});

it("holds every kind of event in one of them", () => {
  const kinds: Record<RolloutEvent["type"], true> = {
    started: true,
    observed: true,
    "effect-done": true,
    "effect-failed": true,
    "freezes-changed": true,
    approved: true,
    denied: true,
    "bake-skipped": true,
    paused: true,
    resumed: true,
    aborted: true,
    "rollback-requested": true,
    retried: true,
  };
  const found = new Set(replays.flatMap(({ name }) => recordsOf(name).map(({ event }) => event.type)));
  expect([...found].toSorted()).toEqual(Object.keys(kinds).toSorted());
});
