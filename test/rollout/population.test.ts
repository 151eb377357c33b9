import { describe, expect, it } from "vitest";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import { populationOf } from "../../src/rollout/engine/population.ts";
import { phasesOf } from "../../src/rollout/engine/release-kinds.ts";
import { retirementsMissing } from "../../src/rollout/engine/retirement.ts";
import type { Population, RolloutState } from "../../src/rollout/engine/state.ts";
import { device, fanConfig, hourMs, planOf, started } from "../support/fan-rollout.ts";

const config = fanConfig();
const nowMs = 100 * 24 * hourMs;
const look = (devices: readonly Device[], app: Record<string, number> | null): Population =>
  populationOf(started(config), { devices, outcomes: {}, installed: { app } }, nowMs);
const seen = { lastContactAtMs: nowMs };

describe("populationOf", () => {
  it("counts devices by what they report, of the hardware the firmware is for, seen within the window", () => {
    const devices = [
      device("a", seen),
      device("b", { ...seen, reportedVersion: "2.0.0" }),
      device("c", { ...seen, hardware: "other" }),
      device("d", { ...seen, reportedVersion: null }),
      device("e", { lastContactAtMs: nowMs - config.retire.unseenMs }),
      device("f", { lastContactAtMs: nowMs - config.retire.unseenMs - 1 }),
      device("g", { lastContactAtMs: null }),
    ];
    expect(look(devices, null)).toEqual({
      ahead: { fleet: 5 },
      out: { fan: { devices: 5, asleep: 1, sinceMs: null } },
      devices: 5,
      versions: { fan: { "1.9.4": 2, "2.0.0": 1 } },
      unknown: { fan: 1 },
    });
  });

  it("does not take an app for gone on the word of one device, where any phone may come to any", () => {
    const pairedApps = [{ component: "app", version: "4.2.0" }];
    const devices = [device("a", seen), device("b", { ...seen, pairedApps }), device("c", seen)];
    expect(look(devices, null).unknown?.["app"]).toBeUndefined();
    const open = started({ ...config, pairing: "arbitrary" });
    const { unknown } = populationOf(open, { devices, outcomes: {}, installed: { app: null } }, nowMs);
    expect(unknown?.["app"]).toBe(2);
  });

  it("believes the store about apps, and devices where the store cannot tell", () => {
    const pairedApps = [{ component: "app", version: "4.0.0" }];
    const devices = [device("a", { ...seen, pairedApps }), device("b", { ...seen, pairedApps })];
    expect(look(devices, { "4.1.0": 7 }).versions["app"]).toEqual({ "4.1.0": 7 });
    expect(look(devices, null).versions["app"]).toEqual({ "4.0.0": 2 });
  });

  it("takes any text for a version", () => {
    const devices = ["constructor", "__proto__", "__proto__"].map((reportedVersion, index) =>
      device(`${index}`, { ...seen, reportedVersion }),
    );
    const fan = new Map(Object.entries(look(devices, null).versions["fan"] ?? {}));
    expect(fan).toEqual(
      new Map([
        ["__proto__", 2],
        ["constructor", 1],
      ]),
    );
  });

  it("tells nobody from nothing known", () => {
    expect(look([device("a", seen)], {}).versions).toEqual({ app: {}, fan: { "1.9.4": 1 } });
    expect(look([device("a", { ...seen, hardware: "other" })], null).versions).toEqual({ fan: {} });
    expect(look([], null).versions).toEqual({});
  });

  it("is the same whatever the order", () => {
    const devices = [device("a", { ...seen, reportedVersion: "2.0.0" }), device("b", seen)];
    expect(JSON.stringify(look(devices.toReversed(), null))).toBe(JSON.stringify(look(devices, null)));
  });
});

describe("retirementsMissing", () => {
  const missing = (population: Population | null, more: Partial<RolloutState> = {}): string[] => {
    const plan = planOf(
      "introduce fan 2.0.0",
      "introduce cloud 5.2.0",
      "retire fan 1.8.0",
      "retire app 4.0.0",
      "retire cloud 5.1.0",
      "introduce app 4.2.0",
    );
    const state = { ...started(fanConfig({ plan })), population, ...more };
    const phase = phasesOf(state.config)[1];
    return phase ? retirementsMissing(state, phase).map(({ component }) => component) : [];
  };
  const population = (
    fan: Record<string, number>,
    app?: Record<string, number>,
    unknown: Record<string, number> = {},
  ): Population => ({ devices: 1000, versions: { fan, ...(app && { app }) }, unknown });

  it("waits for everything before the field was looked at", () => {
    expect(missing(null)).toEqual(["fan", "app", "cloud"]);
  });

  it("counts a version as gone below the share, not at it", () => {
    expect(missing(population({ "1.8.0": 10, "2.0.0": 990 }, { "4.1.0": 5 }))).toContain("fan");
    expect(missing(population({ "1.8.0": 9, "2.0.0": 991 }, { "4.1.0": 5 }))).toEqual(["cloud"]);
  });

  it("counts a service as gone when its successor is deployed", () => {
    const gone = population({ "2.0.0": 9 }, { "4.1.0": 5 });
    expect(missing(gone, { deployed: { cloud: "5.2.0" } })).toEqual([]);
  });

  it("takes no data for no answer", () => {
    expect(missing(population({ "2.0.0": 9 }), { deployed: { cloud: "5.2.0" } })).toEqual(["app"]);
    expect(missing({ devices: 0, versions: {} }, { deployed: { cloud: "5.2.0" } })).toEqual(["fan", "app"]);
    expect(missing(population({}, {}))).toEqual(["fan", "app", "cloud"]);
  });

  it("counts who does not say what it runs as who may run the old version", () => {
    const apps = { "4.1.0": 5 };
    expect(missing(population({ "1.8.0": 5, "2.0.0": 990 }, apps, { fan: 4 }))).toEqual(["cloud"]);
    expect(missing(population({ "1.8.0": 5, "2.0.0": 990 }, apps, { fan: 5 }))).toEqual(["fan", "cloud"]);
    expect(missing(population({}, apps, { fan: 500 }))).toEqual(["fan", "cloud"]);
  });

  it.each([
    ["none has said a version", { ...seen, reportedVersion: null }],
    ["none says its hardware", { ...seen, hardware: "", reportedVersion: "1.8.0" }],
    ["none was seen for long", { reportedVersion: "1.8.0", lastContactAtMs: 0 }],
  ])("waits where %s", (_, facts) => {
    const devices = Array.from({ length: 50 }, (__, index) => device(`d${index}`, facts));
    expect(missing(look(devices, { "4.1.0": 5 }))).toEqual(["fan", "cloud"]);
  });
});
