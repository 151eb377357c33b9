import { describe, expect, it } from "vitest";
import type { PlanStep } from "../../src/planner/plan.ts";
import { schedulePhases } from "../../src/rollout/engine/schedule.ts";
import { planOf, stage, wave } from "../support/fan-rollout.ts";

const kindOf = (component: string): "app" | "firmware" | "service" =>
  component.startsWith("app") ? "app" : component === "cloud" ? "service" : "firmware";
const stages = [
  stage("canary", { waves: [wave({ kind: "label", label: "ring", value: "canary", max: 2 }, 0)] }),
  stage("fleet", {
    waves: [wave({ kind: "percent", percent: 10 }, 0), wave({ kind: "percent", percent: 100 }, 50)],
  }),
  stage("all", { waves: [wave({ kind: "percent", percent: 100 }, 100)] }),
];
const shape = (...steps: string[]): unknown =>
  schedulePhases(planOf(...steps), stages, kindOf).map(({ after, introductions, waves }) => ({
    after: after.map(({ component, version }) => `${component} ${version}`),
    introductions: introductions.map(({ component }) => component),
    waves: waves.map(({ name }) => name),
  }));

describe("schedulePhases", () => {
  it("puts together what the plan lets be under way together, and walks firmware through every wave", () => {
    expect(shape("introduce cloud 2.0.0", "introduce fan 2.0.0", "introduce app 2.0.0")).toEqual([
      {
        after: [],
        introductions: ["cloud", "fan", "app"],
        waves: ["canary", "fleet 10%", "fleet 100%", "all"],
      },
    ]);
  });

  it("begins a phase where the plan waits for a version to leave, and leaves what trails to time", () => {
    expect(
      shape(
        "introduce fan 2.0.0",
        "retire fan 1.8.0",
        "retire fan 1.9.4",
        "introduce app 2.0.0",
        "retire app 1.0.0",
      ),
    ).toEqual([
      { after: [], introductions: ["fan"], waves: ["canary", "fleet 10%", "fleet 100%", "all"] },
      // An app walks only through what changes its share, after a first wave of its own.
      { after: ["fan 1.8.0", "fan 1.9.4"], introductions: ["app"], waves: ["canary", "fleet 100%", "all"] },
    ]);
  });

  it("shows an app to all before the firmware that devices take only with it", () => {
    const { steps, ...plan } = planOf("introduce app 2.0.0", "introduce fan 2.0.0");
    const phases = (
      replaces: readonly string[],
      guard: string,
      before: readonly PlanStep[] = [],
    ): string[][] => {
      const [app, fan] = steps;
      const guarded = [...before, { ...app!, replaces }, { ...fan!, guard: { app: guard } }];
      return schedulePhases({ ...plan, steps: guarded }, stages, kindOf).map(({ introductions }) =>
        introductions.map(({ component }) => component),
      );
    };
    expect(phases(["1.0.0", "1.1.0"], ">=2.0.0")).toEqual([["app"], ["fan"]]);
    // Some have an app that opens their device already.
    expect(phases(["1.0.0", "1.1.0"], ">=1.1.0")).toEqual([["app", "fan"]]);
    // In lockstep a device follows its app at once.
    const [staged] = planOf("stage fan 2.0.0").steps;
    expect(phases(["1.0.0"], ">=2.0.0", [staged!])).toEqual([["fan"], ["app", "fan"]]);
  });

  it("deploys a service in one wave", () => {
    expect(shape("introduce cloud 2.0.0")).toEqual([
      { after: [], introductions: ["cloud"], waves: ["canary"] },
    ]);
  });

  it("has nothing to do where a plan introduces nothing", () => {
    expect(shape()).toEqual([]);
    expect(shape("retire fan 1.8.0")).toEqual([]);
    expect(schedulePhases(planOf("introduce fan 2.0.0"), [], kindOf)).toMatchObject([{ waves: [] }]);
  });
});
