import { describe, expect, test } from "vitest";
import { defaultModel } from "../../../src/simulation/release/simulation-model.ts";
import { reportRun, type RunReport } from "../../../src/simulation/release/simulation-report.ts";
import {
  drawField,
  SimulatedRun,
  type SimulationRequest,
} from "../../../src/simulation/release/simulate-release.ts";
import { fan, lockstep, requestOf, type Scenario } from "./release-scenario.ts";

function runOf(request: SimulationRequest, mode: "planned" | "naive"): RunReport {
  const run = new SimulatedRun(request, drawField(request), mode);
  while (!run.isDone) run.step();
  return reportRun(run, request.model.controlIntervalS);
}

const large = { model: defaultModel, sites: 5000, daysMax: 90 };

describe("the ceiling fan", () => {
  const request = requestOf(fan, large);
  const [planned, naive] = [runOf(request, "planned"), runOf(request, "naive")];

  test("meets no incompatible pair by the plan, and some without", () => {
    expect(planned.pairHours.incompatible).toBe(0);
    expect(planned.curves.incompatible.every((sites) => sites === 0)).toBe(true);
    expect(naive.pairHours.incompatible).toBeGreaterThan(1000);
    expect(naive.pairs.map(({ a, b }) => `${a} ${b}`)).toContain("app-ios@4.0.0 fan@2.0.0");
  });

  test("reaches 50, 95 and 99 percent in that order, and says what is on the target in the end", () => {
    for (const { adoption } of [planned, naive]) {
      for (const { onTarget, population, reachedDays } of adoption) {
        expect(reachedDays["50"]).not.toBeNull();
        expect(reachedDays["95"]!).toBeGreaterThanOrEqual(reachedDays["50"]!);
        expect(onTarget / population).toBeGreaterThan(0.95);
      }
    }
  });

  test("lets devices wait at the guard, and not without a plan", () => {
    expect(planned.guards).toMatchObject([
      { component: "fan", version: "2.0.0", peer: "app-ios", range: ">=4.1.0" },
    ]);
    expect(planned.guards[0]!.peakDevices).toBeGreaterThan(100);
    expect(naive.guards).toEqual([]);
  });

  test("gives the apps to users only after the old firmware has left", () => {
    const moments = planned.rollouts[0]!.moments.filter(({ what }) => what === "wave");
    expect(moments.filter(({ name }) => name === "canary")).toHaveLength(2);
    const second = moments.findLast(({ name }) => name === "canary")!.day;
    for (const { kind, reachedDays } of planned.adoption) {
      if (kind === "app") expect(reachedDays["50"]!).toBeGreaterThan(second);
    }
  });

  test("is the same to the byte for one seed, and another for another", () => {
    const once = JSON.stringify(runOf(request, "planned"));
    expect(once).toBe(JSON.stringify(planned));
    expect(JSON.stringify(runOf(requestOf(fan, { ...large, seed: 2 }), "planned"))).not.toBe(once);
  });
});

test("lockstep bridges where the naive way breaks", () => {
  const request = requestOf(lockstep, large);
  const [planned, naive] = [runOf(request, "planned"), runOf(request, "naive")];
  expect(planned.pairHours.incompatible).toBe(0);
  expect(planned.pairHours.bridged).toBeGreaterThan(0);
  expect(naive.pairHours.bridged).toBe(0);
  expect(naive.pairHours.incompatible).toBeGreaterThan(planned.pairHours.bridged);
});

test("a version that a plan waits for is ended by a floor when users stay on it", () => {
  const stubborn: Scenario = {
    target: { "app-android": "2.0.0", fan: "2.0.0" },
    field: { "app-android": ["1.0.0"], fan: ["1.0.0"] },
    facts: [
      ...["1.0.0", "2.0.0"].map((version) => ({
        component: "app-android",
        version,
        kind: "app" as const,
        requires: { fan: version === "1.0.0" ? "<2.0.0" : ">=1.0.0" },
        hardware: [],
        installable: true,
      })),
      ...["1.0.0", "2.0.0"].map((version) => ({
        component: "fan",
        version,
        kind: "firmware" as const,
        requires: {},
        hardware: ["fan-a1"],
        installable: true,
      })),
    ],
    pairing: "arbitrary",
  };
  const users = { ...defaultModel.users, neverPercent: 10 };
  const request = requestOf(stubborn, { ...large, model: { ...defaultModel, users } });
  expect(request.plan.steps.find(({ action }) => action === "retire")).toMatchObject({ floor: "2.0.0" });
  const planned = runOf(request, "planned");
  const floor = planned.rollouts[0]!.moments.find(({ what }) => what === "floor");
  expect(floor).toMatchObject({ name: "app-android 2.0.0" });
  expect(planned.rollouts[0]).toMatchObject({ status: "completed" });
  expect(planned.pairHours.incompatible).toBe(0);
  const fanAt = planned.adoption.find(({ component }) => component === "fan")!;
  expect(fanAt.reachedDays["50"]!).toBeGreaterThan(floor!.day);
});

test("a run that a gate stops says so and goes no further", () => {
  const devices = { ...defaultModel.devices, failurePercent: 60 };
  const request = requestOf(fan, { ...large, model: { ...defaultModel, devices } });
  const { adoption, rollouts } = runOf(request, "planned");
  expect(rollouts[0]).toMatchObject({ status: "rolling-back", failure: expect.stringContaining("updated") });
  expect(adoption.find(({ component }) => component === "fan")!.onTarget).toBeLessThan(100);
});
