import { IotctlError } from "../base/errors.ts";
import { type ComponentVersion, formatComponentVersion } from "../compat/verdict.ts";
import { canStage, type FleetBackend, type StagingFleet } from "../fleet/fleet-backend.ts";
import type { Plan } from "../planner/plan.ts";

/** Asked before a rollout begins: throws IOT_FLEET_CANNOT_STAGE when the plan needs what the fleet cannot. */
export function assertCanStage(plan: Plan, fleet: FleetBackend): void {
  const step = plan.steps.find(({ staged }) => staged);
  if (step) stagingFleet(fleet, step);
}

/** The fleet as one that stages; throws IOT_FLEET_CANNOT_STAGE. */
export function stagingFleet(fleet: FleetBackend, version: ComponentVersion): StagingFleet {
  if (canStage(fleet)) return fleet;
  const name = formatComponentVersion(version);
  throw new IotctlError(
    "IOT_FLEET_CANNOT_STAGE",
    `The plan keeps ${name} ready on every device before it is run, but ${fleet.name} runs whatever it delivers at once.`,
    {
      hints: [
        "Release firmware between the two that fits both apps: iotctl plan",
        "Or use a fleet that can stage: fleet: embedded",
      ],
      details: { fleet: fleet.name, version: name },
    },
  );
}
