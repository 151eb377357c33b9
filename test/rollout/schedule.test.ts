import { describe, expect, it } from "vitest";
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
