import { describe, expect, test } from "vitest";
import { assertTermsUnchanged } from "../../../src/cli/release/assert-terms-unchanged.ts";
import { manifestTerms } from "../../../src/cli/release/manifest-terms.ts";
import type { Release } from "../../../src/manifest/release.ts";
import type { RolloutState } from "../../../src/rollout/engine/state.ts";
import { fanConfig, stage, started, wave } from "../../support/fan-rollout.ts";
import { fanRelease } from "../../support/fan-release.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const stages = [
  stage("canary", { waves: [wave({ kind: "percent", percent: 5 }, 0)] }),
  stage("fleet", { waves: [wave({ kind: "percent", percent: 100 }, 100)], approvalsRequired: 1 }),
];
const gates: Release["gates"] = {
  updated: { measure: "update-failure", limitPercent: 2, alpha: 0.05, deadlineMs: 3_600_000 },
};
const release: Release = { ...fanRelease(), gates, rollout: { stages } };
const state = started(fanConfig({ ...manifestTerms(release, "/before"), stages }));

function changes(now: Partial<Release>, least = 0, held: RolloutState = state): Promise<Error> {
  const environment = { approvals: { approvers: [], least } };
  return thrownBy(() =>
    assertTermsUnchanged({ release: { ...release, ...now }, dir: "/now", environment }, held),
  );
}

describe("the manifest of a rollout that is under way", () => {
  test("may lie elsewhere, and otherwise says what it said", () => {
    const environment = { approvals: { approvers: [], least: 1 } };
    expect(() => assertTermsUnchanged({ release, dir: "/now", environment }, state)).not.toThrow();
  });

  const fleet = stages[1]!;
  const { cloud, ...components } = release.components;
  test.each<[string, Partial<Release>, string[]]>([
    [
      "a stage",
      { rollout: { stages: [stages[0]!, { ...fleet, bakeMs: 600_000, approvalsRequired: 0 }] } },
      ["stage fleet.bake: 1h → 10m", "stage fleet.approve: 1 → 0"],
    ],
    ["a wave", { rollout: { stages: [stages[0]!, { ...fleet, waves: [] }] } }, ["stage fleet.devices, apps"]],
    ["the stages", { rollout: { stages: [fleet] } }, ["stages: canary, fleet → fleet"]],
    [
      "a gate",
      { gates: { updated: { ...gates["updated"]!, limitPercent: 50, dryRun: true } as never } },
      ["gates.updated.limit: 2% → 50%", "gates.updated.dry-run: nothing → true"],
    ],
    ["on-failure", { onFailure: "hold" }, ["on-failure: rollback → hold"]],
    ["retire", { retire: { belowPercent: 5, unseenMs: 0 } }, ["retire.below: 0.5% → 5%"]],
    ["pairing", { pairing: "observed" }, ["pairing: arbitrary → observed"]],
    [
      "a service",
      { components: { ...components, cloud: { ...cloud, deploy: "./deploy" } as never } },
      ["components.cloud.deploy: nothing → ./deploy"],
    ],
  ])("is refused where it says something else of %s, naming it", async (_, now, expected) => {
    const error = await changes(now);
    expect(error).toMatchObject({ code: "IOT_RELEASE_CHANGED", exit: 6, details: { changes: expected } });
    for (const line of expected) expect(error.message).toContain(line);
  });

  test("is held against the policy of the environment too", async () => {
    expect(await changes({}, 2)).toMatchObject({ details: { changes: ["stage fleet.approve: 1 → 2"] } });
  });

  test("is refused to those who join late as well, and says how they join", async () => {
    const error = await changes({ onFailure: "hold" }, 0, { ...state, status: "completed" });
    expect(error).toMatchObject({
      hints: expect.arrayContaining([expect.stringContaining("rollout advance fan-1")]),
    });
  });
});
