import { expect, it } from "vitest";
import type { FleetBackend } from "../../src/fleet/fleet-backend.ts";
import { observeField } from "../../src/rollout/observe-field.ts";
import { device, outcome } from "../support/fan-rollout.ts";
import { SmallField } from "../support/small-field.ts";

it("takes a page of any size from a backend that does not heed the limit", async () => {
  const field = new SmallField(0);
  const [one, its] = [device("d"), outcome("d")];
  field.devices = Array.from({ length: 300_000 }, () => one);
  const fleet: FleetBackend = {
    ...field.ports.fleet,
    observe: async () => ({ outcomes: Array.from({ length: 300_000 }, () => its), next: null }),
  };
  const { devices, outcomes } = await observeField({ ...field.ports, fleet }, ["a"], []);
  expect([devices.length, outcomes["a"]?.length]).toEqual([300_000, 300_000]);
});
