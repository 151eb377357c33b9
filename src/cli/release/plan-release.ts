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
  const { cohortSalt } = await import("../../rollout/engine/cohort.ts");
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
  const salt = cohortSalt(release);
  const warnings = plan.steps.flatMap(({ action, component }) => {
    const settings = release.components[component];
    if (action !== "introduce" || settings?.kind !== "firmware") return [];
    const own = devices.filter(
      ({ hardware, reportedVersion }) => reportedVersion !== null && hardware in settings.variants,
    );
    // Where nobody runs it, no gate asks about it.
    if (own.length === 0) return [];
    return warnAboutStages(component, own, { stages: release.rollout.stages, gates: release.gates }, salt);
  });
  return { plan, warnings };
}
