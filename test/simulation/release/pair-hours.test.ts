// What a release does wrong has to show: a zero that nothing could change says nothing.
import { describe, expect, test } from "vitest";
import { createRelation } from "../../../src/compat/relation.ts";
import type { PlanStep } from "../../../src/planner/plan.ts";
import { withoutPins } from "../../../src/simulation/release/rollout-config.ts";
import { RolloutAtSites, type RolloutParts } from "../../../src/simulation/release/rollout-at-sites.ts";
import {
  drawField,
  SimulatedRun,
  type SimulationRequest,
} from "../../../src/simulation/release/simulate-release.ts";
import { reportRun, type RunReport } from "../../../src/simulation/release/simulation-report.ts";
import { defaultModel } from "../../../src/simulation/release/simulation-model.ts";
import {
  fan,
  guardedHops,
  lockstep,
  requestOf,
  type Scenario,
  twoFirmwares,
  twoServices,
} from "./release-scenario.ts";

type Damage = (parts: RolloutParts, request: SimulationRequest) => RolloutParts;

const none: Damage = (parts) => parts;
/** The gate on devices asks about nothing that they meet. */
const noGate: Damage = (parts, { facts, field }) => ({
  ...parts,
  relation: createRelation(withoutPins(facts), field),
});
const noWaiting = without(({ action }) => action === "retire");
const noStaging = without(({ staged }) => staged === true);

function without(isLeftOut: (step: PlanStep) => boolean): Damage {
  return (parts) => {
    const { plan } = parts.config;
    const steps = plan.steps.filter((step) => !isLeftOut(step));
    return { ...parts, config: { ...parts.config, plan: { ...plan, steps } } };
  };
}

function runOf(request: SimulationRequest, damage: Damage, mode: "planned" | "naive" = "planned"): RunReport {
  const run = new SimulatedRun(
    request,
    drawField(request),
    mode,
    (parts) => new RolloutAtSites(damage(parts, request)),
  );
  while (!run.isDone) run.step();
  return reportRun(run, request.model.controlIntervalS);
}

const large = { model: defaultModel, sites: 2000, daysMax: 90 };

describe.each<[string, Scenario, Record<string, Damage>]>([
  ["a guard", fan, { noGate, noWaiting }],
  ["hops to a guard", guardedHops, { noGate }],
  ["lockstep", lockstep, { noGate, noStaging }],
])("%s", (_, scenario, damages) => {
  const request = requestOf(scenario, large);

  test("meets no incompatible pair", () => {
    expect(runOf(request, none).pairHours.incompatible).toBe(0);
  });

  test.each(Object.entries(damages))("meets some with %s", (_name, damage) => {
    const { curves, pairHours } = runOf(request, damage);
    expect(pairHours.incompatible).toBeGreaterThan(500);
    expect(Math.max(...curves.incompatible)).toBeGreaterThan(10);
  });
});

test("who is left behind is told by the same limit with a plan and without", () => {
  const request = requestOf(fan, large);
  for (const mode of ["planned", "naive"] as const) {
    const { pairHours, pairs } = runOf(request, none, mode);
    expect(pairHours["left-behind"]).toBeGreaterThan(0);
    const behind = pairs.filter(({ kind }) => kind === "left-behind");
    // Both sides of a pair are on their target in none of them.
    for (const { a, b } of behind) expect(`${a} ${b}`).toMatch(/app-ios@4\.[01]|app-android@4\.1|fan@1\./);
  }
});

test("few on a version are left behind only by the limits of the release", () => {
  const strict = requestOf({ ...fan, belowPercent: 0.000_001 }, large);
  const behind = (mode: "planned" | "naive", unseenDays: number): number => {
    const retire = { ...strict.release.retire, unseenMs: unseenDays * 86_400_000 };
    const request = { ...strict, release: { ...strict.release, retire } };
    return runOf(request, none, mode).pairHours["left-behind"];
  };
  for (const mode of ["planned", "naive"] as const) expect(behind(mode, 3650)).toBe(0);
  expect(behind("naive", 1)).toBeGreaterThan(0);
});

// Their devices come back when the rollout has long gone on without them, and are more than the limit then.
test.each<[string, Scenario, number, number]>([
  ["two firmware components", twoFirmwares, 0.5, 6],
  ["a service", twoServices, 3, 8],
])(
  "whom the release did not count any more makes no pair incompatible: %s",
  (_, scenario, belowPercent, seed) => {
    const request = requestOf({ ...scenario, belowPercent }, { seed, sites: 1500, daysMax: 90 });
    const { pairHours } = runOf(request, none);
    expect(pairHours.incompatible).toBe(0);
    expect(pairHours["left-behind"]).toBeGreaterThan(0);
  },
);

test("nobody fits a version of a service that the plan has ended", () => {
  const { pairHours, pairs } = runOf(requestOf(twoServices, large), none);
  expect(pairHours.incompatible).toBe(0);
  expect(pairs).toContainEqual(
    expect.objectContaining({ a: "fan@1.0.0", b: "cloud@6.0.0", kind: "left-behind" }),
  );
});
