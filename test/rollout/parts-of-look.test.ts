import fc from "fast-check";
import { expect, it } from "vitest";
import { partsOfLook } from "../../src/rollout/engine/parts-of-look.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { survey } from "../../src/rollout/engine/survey.ts";
import {
  device,
  fanConfig,
  hourMs,
  outcome,
  planOf,
  run,
  settle,
  stage,
  started,
  wave,
} from "../support/fan-rollout.ts";

const everybody = stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)], bakeMs: hourMs });
const config = fanConfig({ stages: [everybody], plan: planOf("introduce fan 2.0.0"), onFailure: "hold" });
const begun = settle(started(config), 0);
const forward = "fan-1:fan@2.0.0";

/** How each of some devices fares; some have a phone that does not fit. */
const fleets = fc.array(
  fc.record({
    state: fc.constantFrom("none", "pending", "installing", "succeeded", "failed"),
    fits: fc.boolean(),
    isNew: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

it("a look in parts comes to the same as the whole, and no part names too many devices", () => {
  fc.assert(
    fc.property(fleets, fleets, fc.integer({ min: 1, max: 7 }), (first, second, partMax) => {
      let whole: RolloutState = begun;
      let parted: RolloutState = begun;
      for (const [turn, fleet] of [first, second].entries()) {
        const nowMs = (turn + 1) * 1000;
        const devices = fleet.map(({ fits, isNew }, index) =>
          device(`d-${index}`, {
            lastContactAtMs: nowMs,
            reportedVersion: isNew ? "2.0.0" : "1.9.4",
            pairedApps: [{ component: "app", version: fits ? "4.1.0" : "4.0.0" }],
          }),
        );
        const outcomes = fleet.flatMap(({ state }, index) =>
          state === "none" ? [] : [outcome(`d-${index}`, { state, closedAtMs: nowMs - 1 })],
        );
        const look = survey(
          whole,
          { devices, outcomes: { [forward]: outcomes }, installed: {} },
          relationOf(config),
          nowMs,
        );
        const parts = partsOfLook(look, partMax);
        expect(parts.slice(0, -1).every(({ more }) => more)).toBe(true);
        expect(parts.at(-1)?.more).toBeUndefined();
        if (parts.length > 1) {
          for (const { admissible, lapsed, progress, waits = {} } of parts) {
            const named = [admissible, lapsed, Object.keys(progress), Object.keys(waits)].flat();
            expect(named.length).toBeLessThanOrEqual(partMax);
          }
        }
        whole = run(whole, nowMs, look);
        parted = run(parted, nowMs, ...parts);
        const { pending, ...rest } = parted;
        const { pending: expected, ...others } = whole;
        expect(rest).toEqual(others);
        const named = (state: RolloutState["pending"]): string[] =>
          state.flatMap((effect) => (effect.kind === "assign" ? effect.deviceIds : [effect.key])).toSorted();
        expect(named(pending)).toEqual(named(expected));
      }
    }),
  );
});
