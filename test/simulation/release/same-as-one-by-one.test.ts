import { describe, expect, test } from "vitest";
import { RolloutAtSites } from "../../../src/simulation/release/rollout-at-sites.ts";
import {
  drawField,
  SimulatedRun,
  type SimulationRequest,
} from "../../../src/simulation/release/simulate-release.ts";
import {
  fan,
  guardedHops,
  hops,
  lockstep,
  requestOf,
  type Scenario,
  smallModel,
  twoFirmwares,
} from "./release-scenario.ts";
import { RolloutOneByOne } from "./one-by-one.ts";

/** One run with either way of deciding; everything that could differ, as plain values. */
function outcomeOf(request: SimulationRequest, oneByOne: boolean): Record<string, unknown> {
  const entered: string[] = [];
  const made: RolloutOneByOne[] = [];
  const run = new SimulatedRun(request, drawField(request), "planned", (parts) => {
    if (!oneByOne) return new RolloutAtSites(parts);
    const rollout = new RolloutOneByOne(parts);
    made.push(rollout);
    return rollout;
  });
  while (!run.isDone) {
    const before = placeOf(run);
    run.step();
    const after = placeOf(run);
    if (after !== before) entered.push(`${run.looks}: ${after}`);
  }
  run.pairs.count();
  const { app, firmware, pairedApp, staged } = run.world.sites;
  return {
    entered,
    looks: run.looks,
    status: run.rollouts.map(({ state }) => [state.status, state.failure]),
    steps: run.world.devices.counts,
    sites: [app, firmware, pairedApp, staged].map((column) => column.join("")),
    incompatible: run.pairs.hours("incompatible"),
    bridged: run.pairs.hours("bridged"),
  };
}

function placeOf({ rollouts }: SimulatedRun): string {
  return rollouts
    .map(({ state }) => `${state.phaseIndex}.${state.waveIndex} ${state.waveEntered} ${state.status}`)
    .join();
}

const scenarios: Record<string, Scenario> = {
  "a guard": fan,
  hops,
  "hops to a guard": guardedHops,
  lockstep,
  "two firmware components, one on hardware that gets nothing newer": twoFirmwares,
  "arbitrary pairing": { ...hops, pairing: "arbitrary" },
};

describe.each(Object.entries(scenarios))("%s", (_, scenario) => {
  test.each([1, 2, 3])("goes device by device as it goes by counts, seed %i", (seed) => {
    const request = requestOf(scenario, { seed, sites: 120 });
    const byCounts = outcomeOf(request, false);
    expect(byCounts["entered"]).not.toHaveLength(0);
    expect(outcomeOf(request, true)).toEqual(byCounts);
    expect(byCounts["incompatible"]).toBe(0);
  });
});

test("a release that fails stops at the same moment", () => {
  const model = { ...smallModel, devices: { ...smallModel.devices, failurePercent: 90 } };
  const request = requestOf(fan, { model });
  const byCounts = outcomeOf(request, false);
  expect(byCounts["status"]).toMatchObject([["rolling-back", { gate: "updated" }]]);
  expect(outcomeOf(request, true)).toEqual(byCounts);
});
