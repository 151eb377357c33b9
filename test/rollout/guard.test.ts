import { expect, it } from "vitest";
import type { ComponentVersion } from "../../src/compat/relation.ts";
import { satisfies } from "../../src/compat/versions.ts";
import type { PlanStep } from "../../src/planner/plan.ts";
import { relationOf } from "../../src/rollout/engine/known-versions.ts";
import { phasesOf } from "../../src/rollout/engine/release-kinds.ts";
import type { RolloutState } from "../../src/rollout/engine/state.ts";
import { survey } from "../../src/rollout/engine/survey.ts";
import { device, stage, started, wave } from "../support/fan-rollout.ts";
import { randomFor } from "../support/simulation/chance.ts";
import { makeScenario, type Scenario } from "../support/simulation/scenario.ts";

const scenarios = 400;
const nowMs = 1000;
const everybody = [stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)], gates: [] })];

/** The rollout of a scenario in the phase of a step, when all that comes before the step has been done. */
function stateAt({ config, services }: Scenario, step: PlanStep): RolloutState {
  const named = { ...config, rolloutId: "guard", rulesVersion: 2, planDigest: "sha256:plan" } as const;
  const first = started({ ...named, stages: everybody });
  const phaseIndex = phasesOf(first.config).findIndex(({ introductions }) => introductions.includes(step));
  const deployed = { ...services };
  for (const each of config.plan.steps.slice(0, config.plan.steps.indexOf(step))) {
    if (each.action === "introduce" && each.component in services) deployed[each.component] = each.version;
  }
  return { ...first, phaseIndex, waveEntered: true, pending: [], deployed };
}

/** Every pair and every single one of the known versions of apps. */
function pairings(apps: readonly ComponentVersion[]): (readonly ComponentVersion[])[] {
  return apps.flatMap((app, index) => [[app], ...apps.slice(index + 1).map((other) => [app, other])]);
}

it("the guard that a plan prints is the gate that devices meet", () => {
  const asked = { admitted: 0, refused: 0 };
  for (let seed = 1; seed <= scenarios; seed++) {
    const scenario = makeScenario(randomFor(seed, 1), { healthy: false });
    for (const step of scenario.config.plan.steps) {
      const { guard } = step;
      if (!guard || step.staged) continue;
      const state = stateAt(scenario, step);
      const relation = relationOf(state.config);
      const apps = Object.keys(guard).flatMap((component) =>
        relation.versions(component).map((version) => ({ component, version })),
      );
      for (const installed of step.replaces) {
        for (const pairedApps of pairings(apps)) {
          const old = { component: step.component, version: installed };
          // Nothing else may stand against it: no range of the new version can say what the old one knows.
          if (pairedApps.some((app) => relation.verdict(old, app).kind === "unknown")) continue;
          for (const hardware of relation.facts(step.component, step.version)?.hardware ?? []) {
            if (!relation.installsOver(step, installed)) continue;
            const one = device("a", {
              hardware,
              reportedVersion: installed,
              pairedApps,
              lastContactAtMs: nowMs,
            });
            const seen = survey(state, { devices: [one], outcomes: {}, installed: {} }, relation, nowMs);
            const [given] = seen.admissible;
            const fits = pairedApps.every(({ component, version }) =>
              satisfies(version, guard[component] ?? ""),
            );
            // A later step of the same phase may be what it gets instead.
            const takes = given !== undefined && given.staged === undefined && given.version === step.version;
            if (given && !takes && given.staged === undefined) continue;
            asked[takes ? "admitted" : "refused"]++;
            expect(takes, `seed ${seed}: ${step.component}@${step.version} for ${JSON.stringify(one)}`).toBe(
              fits,
            );
          }
        }
      }
    }
  }
  expect(asked.admitted).toBeGreaterThan(500);
  expect(asked.refused).toBeGreaterThan(500);
});
