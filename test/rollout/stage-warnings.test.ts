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
});
