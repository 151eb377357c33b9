import type { Device } from "../../fleet/fleet-backend.ts";
import type { Release } from "../../manifest/release.ts";
import type { Plan } from "../../planner/plan.ts";
import type { StageWarning } from "../../rollout/engine/stage-warnings.ts";
import type { Context } from "../context.ts";

export interface PlannedRelease {
  readonly plan: Plan;
  readonly warnings: readonly StageWarning[];
}

/** Looks at the field and orders the steps of a release; touches nothing. */
export async function planRelease(
  release: Release,
  context: Context,
  nowMs: number,
): Promise<PlannedRelease> {
  const { observeLiveField } = await import("../../rollout/live-field.ts");
  const ports = {
    fleet: await context.fleet(),
    storefront: await context.storefront(),
    journals: await context.journals(),
  };
  const { live, devices } = await observeLiveField(release, ports, nowMs);
  return planAgainst(release, live, devices);
}

async function planAgainst(
  release: Release,
  live: Readonly<Record<string, readonly string[]>>,
  devices: readonly Device[],
): Promise<PlannedRelease> {
  const { createRelation } = await import("../../compat/relation.ts");
  const { factsOfRelease } = await import("../../manifest/release-facts.ts");
  const { makePlan } = await import("../../planner/make-plan.ts");
  const { warnAboutStages } = await import("../../rollout/engine/stage-warnings.ts");
  const plan = makePlan({
    product: release.product,
    release: release.version,
    relation: createRelation(factsOfRelease(release), live),
    live,
    target: Object.fromEntries(
      Object.entries(release.components).map(([name, { version }]) => [name, version]),
    ),
    pairing: release.pairing,
  });
  const firmware = Object.values(release.components).filter((component) => component.kind === "firmware");
  const updatable = devices.filter(({ hardware }) => firmware.some(({ variants }) => hardware in variants));
  const movesFirmware = plan.steps.some(
    ({ action, component }) => action === "introduce" && release.components[component]?.kind === "firmware",
  );
  const salt = `${release.product}@${release.version}`;
  return {
    plan,
    warnings: movesFirmware ? warnAboutStages(release.rollout.stages, release.gates, updatable, salt) : [],
  };
}
