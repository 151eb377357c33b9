import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decide } from "../../src/rollout/engine/decide.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { foldJournal } from "../../src/rollout/fold.ts";
import { parseRecords } from "../../src/rollout/journal/chain.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { MemoryJournals } from "../support/memory-journal.ts";
import { fanConfig, hourMs } from "../support/fan-rollout.ts";

/**
 * As the release before rules had versions wrote it: a service is deployed in a phase of its own, and
 * one device joins late and holds the last wave of the firmware open until it is done.
 */
const { records } = parseRecords(
  readFileSync(new URL("journals/first-rules.ndjson", import.meta.url), "utf8"),
  "first-rules.ndjson",
);

describe("a journal of the first rules", () => {
  it("decides once more what it had decided, record by record", () => {
    let state: RolloutState | null = null;
    const places: string[] = [];
    for (const { at, effects, event, seq } of records) {
      const before: RolloutState | null = state;
      const decision = decide(before, event, at);
      state = decision.state;
      expect(state, `record ${seq} changes something`).not.toBe(before);
      expect(
        decision.effects.map(({ key }) => key),
        `effects of record ${seq}`,
      ).toEqual(effects);
      const { phaseIndex, waveEntered, waveIndex } = state ?? {};
      const place = `phase ${phaseIndex} wave ${waveIndex}${waveEntered ? "" : " to come"}`;
      if (!places.at(-1)?.endsWith(place)) places.push(`${(at - records[0]!.at) / hourMs} h ${place}`);
    }
    expect(places).toEqual([
      "0 h phase 0 wave 0",
      "6 h phase 1 wave 0",
      "12 h phase 1 wave 1",
      "20.5 h phase 2 wave 0",
      "26.5 h phase 2 wave 1",
      "32.5 h phase 3 wave 0 to come",
    ]);
    expect(state).toMatchObject({ status: "completed", phaseIndex: 3, exposed: { "app@4.2.0": 100 } });
    expect(Object.values(state?.devices ?? {}).map(({ status }) => status)).toEqual(
      Array.from({ length: 12 }, () => "updated"),
    );
  });

  it("is not what is begun now", async () => {
    expect(foldJournal(records)?.config.rulesVersion).toBe(1);
    const { rulesVersion, ...config } = fanConfig();
    const journal = await startRollout(new MemoryJournals(), config, 0);
    expect(foldJournal(await journal.read())?.config.rulesVersion).toBe(rulesVersion);
  });
});
