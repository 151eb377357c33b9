import { expect, test } from "vitest";
import { assertCanStage, stagingFleet } from "../../src/rollout/assert-can-stage.ts";
import type { FleetBackend, StagingFleet } from "../../src/fleet/fleet-backend.ts";
import { planOf } from "../support/fan-rollout.ts";
import { thrownBy } from "../support/thrown-by.ts";

const plain = { name: "plain" } as FleetBackend;
const staging = { ...plain, stage: async () => ({ assigned: [], refused: [] }) } as StagingFleet;
const lockstep = planOf("stage fan 2.0.0", "introduce app 4.2.0", "introduce fan 2.0.0");

test("a plan that stages is for fleets that can", async () => {
  expect(await thrownBy(() => assertCanStage(lockstep, plain))).toMatchObject({
    code: "IOT_FLEET_CANNOT_STAGE",
    exit: 3,
    details: { fleet: "plain", version: "fan@2.0.0" },
  });
  expect(() => assertCanStage(lockstep, staging)).not.toThrow();
  expect(stagingFleet(staging, { component: "fan", version: "2.0.0" })).toBe(staging);
});

test("any fleet will do for a plan that stages nothing", () => {
  expect(() => assertCanStage(planOf("introduce app 4.2.0", "introduce fan 2.0.0"), plain)).not.toThrow();
});
