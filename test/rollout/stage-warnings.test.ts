import { describe, expect, it } from "vitest";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import { devicesNeededToPass } from "../../src/rollout/engine/sequential-test.ts";
import { warnAboutStages } from "../../src/rollout/engine/stage-warnings.ts";
import { fanConfig } from "../support/fan-rollout.ts";

const { gates, stages } = fanConfig();
const needed = devicesNeededToPass(0.4, 0.2);

function devices(count: number, ring: string): Device[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${ring}-${index}`,
    hardware: "a1",
    labels: { ring },
    reportedVersion: "1.9.4",
    pairedApps: [],
    lastContactAtMs: 0,
    activeAssignmentId: null,
  }));
}
const warned = (of: readonly Device[]): string[] =>
  warnAboutStages("fan", of, { gates, stages }, "salt").map(({ stage }) => stage);

describe("warnAboutStages", () => {
  it("warns of a stage that holds too few devices to pass, and says how many it takes", () => {
    // The canary stage takes two devices at most, however many are labelled.
    const [warning] = warnAboutStages("fan", devices(1000, "canary"), { gates, stages }, "salt");
    expect(needed).toBeGreaterThan(2);
    expect(warning).toMatchObject({
      stage: "canary",
      gate: "updated",
      devicesAvailable: 2,
      devicesNeeded: needed,
    });
    expect(warning?.message).toContain(`needs at least ${needed} good ones`);
  });

  it("counts what the stages before hold, and is quiet where it is enough", () => {
    expect(warned([...devices(2, "canary"), ...devices(1000, "home")])).toEqual(["canary"]);
    expect(warned(devices(1, "home"))).toEqual(["canary", "fleet"]);
  });

  it("counts no more devices than the app is shown to, where they follow it", () => {
    const [canary] = stages;
    const whole = [
      { ...canary!, waves: [{ ...canary!.waves[0]!, devices: { kind: "percent", percent: 100 } }] },
    ];
    const warnings = (count: number, followsApp: boolean) =>
      warnAboutStages(
        "fan",
        devices(count, "home"),
        { gates, stages: whole as typeof stages },
        "salt",
        followsApp,
      );
    // The canary stage shows the app to a tenth of the users.
    expect(warnings(needed * 10, true)).toEqual([]);
    expect(warnings(needed * 10 - 1, false)).toEqual([]);
    expect(warnings(needed * 10 - 1, true)).toMatchObject([{ devicesAvailable: needed - 1 }]);
    expect(warnings(needed * 10 - 1, true)[0]?.message).toContain("fan follows its app, which 10% of users");
  });

  it("has no word about gates that hold nobody up, or count something else than devices", () => {
    const queried = { component: null, everyMs: 60_000, deadlineMs: 3_600_000 };
    const others = {
      dry: { ...gates["updated"]!, dryRun: true },
      crashes: { ...queried, measure: "count", failures: "a", of: "b", limitPercent: 1, alpha: 0.05 },
      errors: { ...queried, measure: "metric", query: "c", bound: { kind: "max", value: 1 }, readings: 3 },
    } as const;
    const all = stages.map((stage) => ({ ...stage, gates: [...Object.keys(others), "updated"] }));
    const settings = { gates: { ...gates, ...others }, stages: all };
    const warnings = warnAboutStages("fan", devices(1, "home"), settings, "salt");
    expect(new Set(warnings.map(({ gate }) => gate))).toEqual(new Set(["updated"]));
  });
});
