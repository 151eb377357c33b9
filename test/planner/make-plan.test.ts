import { describe, expect, it } from "vitest";
import type { VersionFacts } from "../../src/compat/relation.ts";
import { fact } from "../support/facts.ts";
import { planOf, stepsOf } from "./plan-of.ts";

const ceilingFan = [
  fact("app-android", "4.0.0", { requires: { fan: ">=1.0.0 <2.0.0" } }),
  fact("app-android", "4.1.0", { requires: { fan: ">=1.8.0 <2.1.0" } }),
  fact("app-android", "4.2.0", { requires: { fan: ">=1.9.0 <3.0.0" } }),
  fact("fan", "1.8.0"),
  fact("fan", "1.9.4"),
  fact("fan", "2.0.0", { requires: { "app-android": ">=4.1.0" }, installsOver: ">=1.8.0 <2.0.0" }),
];
const release = { "app-android": "4.2.0", fan: "2.0.0" };

describe("makePlan", () => {
  it("moves the firmware first where the new app refuses the old firmware", () => {
    const made = planOf(ceilingFan, { "app-android": ["4.1.0"], fan: ["1.8.0", "1.9.4"] }, release);
    expect(stepsOf(made)).toEqual([
      "introduce fan@2.0.0",
      "retire fan@1.8.0",
      "introduce app-android@4.2.0",
      "retire fan@1.9.4",
      "retire app-android@4.1.0",
    ]);
    expect(made.steps[0]).toMatchObject({ replaces: ["1.8.0", "1.9.4"], reversible: true });
    expect(made.steps[2]).toMatchObject({ replaces: ["4.1.0"], reversible: false });
  });

  it("guards a firmware step where pairing is observed and some phones are too old", () => {
    const live = { "app-android": ["4.0.0", "4.1.0"], fan: ["1.8.0"] };
    expect(planOf(ceilingFan, live, release, { pairing: "observed" }).steps[0]).toMatchObject({
      component: "fan",
      guard: { "app-android": ">=4.1.0" },
    });
  });

  it("waits for the old app to be gone where nobody knows which phones meet which device", () => {
    const made = planOf(ceilingFan, { "app-android": ["4.0.0", "4.1.0"], fan: ["1.8.0"] }, release);
    expect(stepsOf(made).slice(0, 2)).toEqual(["retire app-android@4.0.0", "introduce fan@2.0.0"]);
    expect(made.steps[0]).toMatchObject({ floor: "4.1.0" });
    expect(made.steps[1]).toMatchObject({ guard: null });
  });

  it("names no floor for a retirement that nothing waits for", () => {
    const made = planOf(ceilingFan, { "app-android": ["4.1.0"], fan: ["1.9.4"] }, release);
    expect(made.steps.at(-1)).toMatchObject({ action: "retire", component: "app-android" });
    expect(made.steps.at(-1)).not.toHaveProperty("floor");
  });

  it("does not guard what no phone could ever pass", () => {
    const facts = ceilingFan.filter(({ version }) => version !== "4.1.0" && version !== "1.9.4");
    const live = { "app-android": ["4.0.0"], fan: ["1.8.0"] };
    const made = planOf(facts, live, release, { pairing: "observed" });
    expect(made).toMatchObject({ feasible: false, steps: [] });
    expect(made.blocked?.pairs.map(({ a, b }) => [a, b].toSorted().join(" ")).toSorted()).toEqual([
      "app-android@4.0.0 fan@2.0.0",
      "app-android@4.2.0 fan@1.8.0",
    ]);
  });

  it("goes through a firmware that fits the apps of before and after", () => {
    const live = { "app-android": ["4.0.0"], fan: ["1.8.0"] };
    expect(stepsOf(planOf(ceilingFan, live, release, { pairing: "observed" }))).toEqual([
      "introduce fan@1.9.4",
      "retire fan@1.8.0",
      "introduce app-android@4.2.0",
      "introduce fan@2.0.0",
      "retire fan@1.9.4",
      "retire app-android@4.0.0",
    ]);
  });

  it("does not guard against an app that users of a fitting one may update to", () => {
    const facts = [
      fact("app", "1.0.0"),
      fact("app", "1.1.0", { requires: { fan: "<2.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: ">=1.0.0" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0", { requires: { app: ">=1.0.0" } }),
    ];
    const live = { app: ["1.0.0", "1.1.0"], fan: ["1.0.0"] };
    const made = planOf(facts, live, { app: "2.0.0", fan: "2.0.0" }, { pairing: "observed" });
    const steps = stepsOf(made);
    const introduction = steps.indexOf("introduce fan@2.0.0");
    const fits = made.steps[introduction]!.guard?.["app"];
    // Either 1.0.0, which fits, is gone first, or 1.1.0, which does not.
    expect(steps.slice(0, introduction).some((step) => /^retire app@1\.[01]\.0$/.test(step))).toBe(true);
    expect(fits === undefined || !fits.includes("1.0.0 ||")).toBe(true);
  });

  it("shows the pair and its evidence where the release contradicts itself", () => {
    const facts = [
      fact("app", "2.0.0", { requires: { fan: ">=3.0.0" } }),
      fact("app", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const made = planOf(facts, { app: ["1.0.0"], fan: ["2.0.0"] }, { app: "2.0.0", fan: "2.0.0" });
    expect(made).toMatchObject({ feasible: false, steps: [] });
    expect(made.blocked?.pairs).toEqual([
      {
        a: "app@2.0.0",
        b: "fan@2.0.0",
        verdict: "incompatible",
        evidence: "app@2.0.0 requires fan >=3.0.0, which does not hold",
      },
    ]);
  });

  it("is empty when the field is on the target already", () => {
    const made = planOf(ceilingFan, { "app-android": ["4.2.0"], fan: ["2.0.0"] }, release);
    expect(made).toMatchObject({ feasible: true, steps: [], blocked: null });
  });

  it("introduces a target that shares the field with others, for it may be out to a few only", () => {
    const made = planOf(ceilingFan, { "app-android": ["4.2.0"], fan: ["1.9.4", "2.0.0"] }, release);
    expect(stepsOf(made)).toEqual(["introduce fan@2.0.0", "retire fan@1.9.4"]);
    expect(made.steps[0]).toMatchObject({ replaces: ["1.9.4"] });
  });
});

describe("known traps of release planning", () => {
  it("is not greedy: an app that could go out now would shut the only way of the firmware", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0 || 2.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "1.0.0" } }),
      fact("app", "3.0.0", { requires: { fan: "2.0.0" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const made = planOf(facts, { app: ["1.0.0"], fan: ["1.0.0"] }, { app: "3.0.0", fan: "2.0.0" });
    expect(stepsOf(made)).toEqual([
      "introduce fan@2.0.0",
      "retire fan@1.0.0",
      "introduce app@3.0.0",
      "retire app@1.0.0",
    ]);
  });

  it("takes no hop that would be safe alone but does not fit the apps that live at that time", () => {
    const hop = (version: string, more: Partial<VersionFacts>): VersionFacts => fact("fan", version, more);
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0 || 1.6.0 || 2.0.0" } }),
      hop("1.0.0", {}),
      // Both lead from 1.0.0 to 2.0.0; the app knows the second only.
      hop("1.5.0", { installsOver: "1.0.0" }),
      hop("1.6.0", { installsOver: "1.0.0" }),
      hop("2.0.0", { installsOver: "1.5.0 || 1.6.0" }),
    ];
    const made = planOf(facts, { app: ["1.0.0"], fan: ["1.0.0"] }, { app: "1.0.0", fan: "2.0.0" });
    expect(stepsOf(made)).toEqual([
      "introduce fan@1.6.0",
      "introduce fan@2.0.0",
      "retire fan@1.0.0",
      "retire fan@1.6.0",
    ]);
    const without = planOf(
      facts.filter(({ version }) => version !== "1.6.0"),
      { app: ["1.0.0"], fan: ["1.0.0"] },
      { app: "1.0.0", fan: "2.0.0" },
    );
    expect(without.feasible).toBe(false);
  });

  it("keeps firmware that can still be rolled back from meeting an app that went on", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0 || 2.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "2.0.0" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const steps = stepsOf(planOf(facts, { app: ["1.0.0"], fan: ["1.0.0"] }, { app: "2.0.0", fan: "2.0.0" }));
    // Until 1.0.0 is retired, fan 2.0.0 may be taken back to it.
    expect(steps.indexOf("retire fan@1.0.0")).toBeLessThan(steps.indexOf("introduce app@2.0.0"));
  });

  it("finds the order of two firmware components that constrain each other", () => {
    const facts = [
      fact("base", "1.0.0", { requires: { remote: "1.0.0" } }),
      fact("base", "1.5.0", { requires: { remote: "1.0.0 || 2.0.0" } }),
      fact("base", "2.0.0", { requires: { remote: "2.0.0" }, installsOver: "1.5.0" }),
      fact("remote", "1.0.0"),
      fact("remote", "2.0.0"),
    ];
    const made = planOf(facts, { base: ["1.0.0"], remote: ["1.0.0"] }, { base: "2.0.0", remote: "2.0.0" });
    expect(stepsOf(made)).toEqual([
      "introduce base@1.5.0",
      "retire base@1.0.0",
      "introduce remote@2.0.0",
      "retire remote@1.0.0",
      "introduce base@2.0.0",
      "retire base@1.5.0",
    ]);
  });

  it("counts a prerelease as what it is: below its release, and inside a range", () => {
    const facts = [
      fact("app", "2.0.0-rc.1", { requires: { fan: ">=1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: ">=2.0.0-rc.1" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0-rc.1", { installsOver: "<2.0.0-rc.1" }),
    ];
    const live = { app: ["2.0.0-rc.1"], fan: ["1.0.0"] };
    expect(stepsOf(planOf(facts, live, { app: "2.0.0", fan: "2.0.0-rc.1" }))).toEqual([
      "introduce fan@2.0.0-rc.1",
      "retire fan@1.0.0",
      "introduce app@2.0.0",
      "retire app@2.0.0-rc.1",
    ]);
  });

  it("moves two apps and a fan together where they refuse each other's older versions", () => {
    const bridging = { requires: { fan: "2.0.0" }, bridges: { fan: ">=1.0.0" } };
    const facts = [
      fact("app-android", "1.0.0", { requires: { fan: "1.0.0" } }),
      fact("app-android", "2.0.0", bridging),
      fact("app-ios", "1.0.0", { requires: { fan: "1.0.0" } }),
      fact("app-ios", "2.0.0", bridging),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const live = { "app-android": ["1.0.0"], "app-ios": ["1.0.0"], fan: ["1.0.0"] };
    const target = { "app-android": "2.0.0", "app-ios": "2.0.0", fan: "2.0.0" };
    const made = planOf(facts, live, target, { pairing: "observed" });
    expect(stepsOf(made)).toEqual([
      "stage fan@2.0.0",
      "introduce app-android@2.0.0",
      "introduce app-ios@2.0.0",
      "introduce fan@2.0.0",
      "retire fan@1.0.0",
      "retire app-android@1.0.0",
      "retire app-ios@1.0.0",
    ]);
    expect(made.steps[0]).toMatchObject({ staged: true, guard: null });
    expect(Object.keys(made.steps[3]!.guard ?? {})).toEqual(["app-android", "app-ios"]);
    expect(planOf(facts, live, target).feasible).toBe(false);
  });

  it("lets no staged update wait on a device that cannot hold it: that one leaves before the app comes", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "<3.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "3.0.0" }, bridges: { fan: "*" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
      fact("fan", "3.0.0", { installsOver: "2.0.0" }),
    ];
    const live = { app: ["1.0.0"], fan: ["1.0.0"] };
    const made = planOf(facts, live, { app: "2.0.0", fan: "3.0.0" }, { pairing: "observed" });
    const steps = stepsOf(made);
    expect(steps.indexOf("retire fan@1.0.0")).toBeGreaterThan(-1);
    expect(steps.indexOf("retire fan@1.0.0")).toBeLessThan(steps.indexOf("introduce app@2.0.0"));
  });

  it("keeps everything compatible with a hardware generation that is stuck, and names it", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "*" } }),
      fact("app", "2.0.0", { requires: { fan: ">=2.0.0" } }),
      fact("fan", "1.0.0", { hardware: ["a1", "b2"] }),
      fact("fan", "2.0.0", { hardware: ["b2"] }),
    ];
    const live = { app: ["1.0.0"], fan: ["1.0.0"] };
    const made = planOf(facts, live, { app: "2.0.0", fan: "2.0.0" });
    expect(made).toMatchObject({ feasible: false, stuck: [{ component: "fan", version: "1.0.0" }] });
    const without = planOf(facts, live, { app: "1.0.0", fan: "2.0.0" });
    expect(stepsOf(without)).toEqual(["introduce fan@2.0.0"]);
    expect(without.steps[0]).toMatchObject({ replaces: ["1.0.0"] });
    expect(without.stuck).toMatchObject([{ component: "fan", version: "1.0.0" }]);
  });

  it("has no plan when nothing in the field of a firmware component can reach the target", () => {
    const facts = [fact("fan", "1.7.0"), fact("fan", "2.0.0", { installsOver: ">=1.8.0" })];
    const made = planOf(facts, { fan: ["1.7.0"] }, { fan: "2.0.0" });
    expect(made).toMatchObject({ feasible: false, steps: [] });
    const says = [fact("fan", "1.7.0", { stuck: "sealed" }), fact("fan", "2.0.0")];
    expect(planOf(says, { fan: ["1.7.0"] }, { fan: "2.0.0" })).toMatchObject({
      feasible: false,
      stuck: [{ component: "fan", version: "1.7.0", why: expect.stringContaining("sealed") }],
    });
  });

  it("lets a beta above the release stay, fits everything to it, and takes it for nobody's way out", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "*" } }),
      fact("app", "3.0.0-beta.1", { requires: { fan: "*" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const live = { app: ["1.0.0", "3.0.0-beta.1"], fan: ["1.0.0"] };
    const made = planOf(facts, live, { app: "2.0.0", fan: "2.0.0" });
    expect(made.stuck).toMatchObject([{ component: "app", version: "3.0.0-beta.1" }]);
    expect(stepsOf(made)).toEqual([
      "introduce app@2.0.0",
      "retire app@1.0.0",
      "introduce fan@2.0.0",
      "retire fan@1.0.0",
    ]);
    expect(made.steps[1]).toMatchObject({ floor: "2.0.0" });
  });

  it("waits at no guard for an app that only a beta above the release would fit", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "2.0.0" } }),
      fact("app", "3.0.0-beta.1", { requires: { fan: "*" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const live = { app: ["1.0.0", "3.0.0-beta.1"], fan: ["1.0.0"] };
    // Fan 1.0.0 could only go when everybody had the beta, and app 2.0.0 does not fit it.
    const made = planOf(facts, live, { app: "2.0.0", fan: "2.0.0" }, { pairing: "observed" });
    expect(made.feasible).toBe(false);
  });

  it("names a pair that is broken in the field, adds none and leaves none", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0 || 2.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "*" } }),
      fact("fan", "0.9.0"),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const live = { app: ["1.0.0"], fan: ["0.9.0", "1.0.0"] };
    const made = planOf(facts, live, { app: "2.0.0", fan: "2.0.0" });
    expect(made.broken).toMatchObject([{ a: "app@1.0.0", b: "fan@0.9.0", verdict: "incompatible" }]);
    expect(made.feasible).toBe(true);
    expect(stepsOf(made)).toContain("retire app@1.0.0");
  });

  it("moves nobody into a pair that is broken already", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "*" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const live = { app: ["1.0.0"], fan: ["1.0.0", "2.0.0"] };
    const steps = stepsOf(planOf(facts, live, { app: "2.0.0", fan: "2.0.0" }));
    expect(steps.indexOf("retire app@1.0.0")).toBeLessThan(steps.indexOf("introduce fan@2.0.0"));
  });

  it("retires a service at once, unless it keeps its old versions", () => {
    const facts = (keepsVersions: boolean): VersionFacts[] => [
      fact("cloud", "1.0.0", { requires: { fan: "*" } }),
      fact("cloud", "2.0.0", { requires: { fan: "*" }, keepsVersions }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0", { requires: { cloud: "*" } }),
    ];
    const live = { cloud: ["1.0.0"], fan: ["1.0.0"] };
    const target = { cloud: "2.0.0", fan: "2.0.0" };
    const moved = stepsOf(planOf(facts(false), live, target));
    expect(moved.indexOf("retire cloud@1.0.0")).toBe(moved.indexOf("introduce cloud@2.0.0") + 1);
    const kept = stepsOf(planOf(facts(true), live, target));
    expect(kept.indexOf("retire cloud@1.0.0")).toBeGreaterThan(kept.indexOf("introduce fan@2.0.0"));
  });

  it("finds a way where images lead in a circle", () => {
    const facts = [
      fact("fan", "1.0.0"),
      fact("fan", "1.1.0", { installsOver: "*" }),
      fact("fan", "1.2.0", { installsOver: "*" }),
      fact("fan", "2.0.0", { installsOver: "1.2.0" }),
    ];
    expect(stepsOf(planOf(facts, { fan: ["1.0.0"] }, { fan: "2.0.0" }))).toEqual([
      "introduce fan@1.2.0",
      "introduce fan@2.0.0",
      "retire fan@1.0.0",
      "retire fan@1.2.0",
    ]);
  });

  it("raises no floor that would shut out who is stuck below it", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "*" }, stuck: "phones on iOS 12" }),
      fact("app", "1.1.0", { requires: { fan: "1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "*" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const live = { app: ["1.0.0", "1.1.0"], fan: ["1.0.0"] };
    const made = planOf(facts, live, { app: "2.0.0", fan: "2.0.0" });
    const retired = made.steps.find(({ action, version }) => action === "retire" && version === "1.1.0");
    expect(retired).toBeDefined();
    expect(retired).not.toHaveProperty("floor");
  });

  it("does not call firmware reversible that an app has left behind", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "2.0.0" }, bridges: { fan: "*" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const live = { app: ["1.0.0"], fan: ["1.0.0"] };
    const made = planOf(facts, live, { app: "2.0.0", fan: "2.0.0" }, { pairing: "observed" });
    const runs = made.steps.filter(({ action, component }) => action === "introduce" && component === "fan");
    expect(runs.map(({ reversible, staged }) => [staged ?? false, reversible])).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it("says which step raises the security counter, and that it cannot be undone", () => {
    const facts = [
      fact("fan", "1.0.0"),
      fact("fan", "1.5.0", { securityCounter: 2, installsOver: "1.0.0" }),
      fact("fan", "2.0.0", { securityCounter: 2, installsOver: "1.5.0" }),
    ];
    const made = planOf(facts, { fan: ["1.0.0"] }, { fan: "2.0.0" });
    const runs = made.steps.filter(({ action }) => action === "introduce");
    expect(runs.map(({ reversible, version }) => [version, reversible])).toEqual([
      ["1.5.0", false],
      ["2.0.0", true],
    ]);
    expect(runs[0]?.why).toBe(
      "a hop on the way from 1.0.0 to 2.0.0; it raises the security counter from 0 to 2, so no device that ran it goes back",
    );
  });

  it("takes nobody to a lower security counter, whatever installs-over says, and proposes no such thing", () => {
    const facts = [
      fact("fan", "1.0.0", { securityCounter: 2 }),
      fact("fan", "1.5.0", { installsOver: "*" }),
      fact("fan", "2.0.0", { installsOver: "*", securityCounter: 1 }),
    ];
    const made = planOf(facts, { fan: ["1.0.0", "1.5.0"] }, { fan: "2.0.0" });
    expect(made).toMatchObject({ feasible: true, stuck: [{ version: "1.0.0" }] });
    expect(made.stuck[0]?.why).toBe("it has security counter 2, and 2.0.0 has 1");
    expect(made.steps[0]).toMatchObject({ version: "2.0.0", replaces: ["1.5.0"] });
    const alone = planOf(facts, { fan: ["1.0.0"] }, { fan: "2.0.0" });
    expect(alone).toMatchObject({ feasible: false, blocked: { repairs: [] } });
  });

  it("orders versions that differ in build metadata only, however they come", () => {
    const facts = [
      fact("app", "1.0.0+a", { requires: { fan: "*" } }),
      fact("app", "1.0.0+b", { requires: { fan: "1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "*" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const target = { app: "2.0.0", fan: "2.0.0" };
    const one = planOf(facts, { app: ["1.0.0+a", "1.0.0+b"], fan: ["1.0.0"] }, target);
    const other = planOf(facts.toReversed(), { app: ["1.0.0+b", "1.0.0+a"], fan: ["1.0.0"] }, target);
    expect(JSON.stringify(other)).toBe(JSON.stringify(one));
  });

  it("guards with a range that knows live versions which nobody declared", () => {
    const facts = [
      fact("app", "1.0.0", { requires: { fan: "1.0.0" } }),
      fact("app", "2.0.0", { requires: { fan: "*" } }),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0", { requires: { app: ">=1.4.0 <2.0.0 || 2.0.0" } }),
    ];
    const live = { app: ["1.0.0", "1.5.0"], fan: ["1.0.0"] };
    const made = planOf(facts, live, { app: "2.0.0", fan: "2.0.0" }, { pairing: "observed" });
    const guards = made.steps.flatMap(({ guard }) => (guard ? [guard] : []));
    expect(guards).toEqual([{ app: ">=1.4.0 <2.0.0 || 2.0.0" }]);
  });

  it("takes no longer for many components that fit everything", () => {
    const services = Array.from({ length: 40 }, (_, index) => `cloud-${index}`);
    const facts = [
      ...services.flatMap((name) => ["1.0.0", "2.0.0"].map((v) => fact(name, v, { requires: { fan: "*" } }))),
      fact("fan", "1.0.0"),
      fact("fan", "2.0.0"),
    ];
    const live = Object.fromEntries([...services, "fan"].map((name) => [name, ["1.0.0"]]));
    const target = Object.fromEntries([...services, "fan"].map((name) => [name, "2.0.0"]));
    expect(planOf(facts, live, target).steps).toHaveLength(82);
  });
});
