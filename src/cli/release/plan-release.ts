import type { Environment } from "../../manifest/environment.ts";
import type { Release } from "../../manifest/release.ts";
import type { Plan } from "../../planner/plan.ts";
import type { Context } from "../context.ts";
import { type FieldLook, lookAtField } from "./look-at-field.ts";

export interface PlannedRelease {
  readonly plan: Plan;
  /** What the plan was made from. */
  readonly look: FieldLook;
  /** Sentences: facts that do not count, stages that can never pass. */
  readonly warnings: readonly string[];
}

/** Looks at the field, or at the file that describes one, and orders the steps of a release; touches nothing. */
export async function planRelease(
  release: Release,
  context: Context,
  options: { readonly nowMs: number; readonly fieldFile?: string | undefined },
): Promise<PlannedRelease> {
  const look = await lookAtField(release, context, options);
  const plan = await planFrom(release, look);
  const warnings = [
    ...look.warnings,
    ...(await stageWarnings(release, plan, look)),
    ...(await approvalWarnings(release, context.environment)),
    ...(await metricWarnings(release, context)),
  ];
  return { plan, look, warnings };
}

/** The plan for what a look found. */
export async function planFrom(
  release: Release,
  { hardware, live, relation }: Pick<FieldLook, "hardware" | "live" | "relation">,
): Promise<Plan> {
  const { makePlan } = await import("../../planner/make-plan.ts");
  const target = Object.entries(release.components).map(([name, { version }]) => [name, version]);
  return makePlan({
    product: release.product,
    release: release.version,
    relation,
    live,
    target: Object.fromEntries(target),
    pairing: release.pairing,
    ...(hardware && { hardware }),
  });
}

async function stageWarnings(release: Release, plan: Plan, { devices }: FieldLook): Promise<string[]> {
  const { cohortSalt } = await import("../../rollout/engine/cohort.ts");
  const { warnAboutStages } = await import("../../rollout/engine/stage-warnings.ts");
  const settings = { stages: release.rollout.stages, gates: release.gates };
  const moved = plan.steps.filter(({ action }) => action === "introduce").map(({ component }) => component);
  return [...new Set(moved)].flatMap((component) => {
    const firmware = release.components[component];
    if (firmware?.kind !== "firmware") return [];
    const own = devices.filter(
      ({ hardware, reportedVersion }) => reportedVersion !== null && hardware in firmware.variants,
    );
    // Where nobody runs it, no gate asks about it.
    if (own.length === 0) return [];
    const followsApp = plan.steps.some((step) => step.component === component && step.staged);
    const warnings = warnAboutStages(component, own, settings, cohortSalt(release), followsApp);
    return warnings.map(({ message }) => message);
  });
}

async function metricWarnings(release: Release, context: Context): Promise<string[]> {
  const { gateWithoutMetrics } = await import("./check-metric-gates.ts");
  const gate = gateWithoutMetrics(release, context);
  const { name } = context.environment;
  return gate === null
    ? []
    : [`gate ${gate} asks metrics, and the environment ${name} has none, so that \`release\` will refuse`];
}

/** Stages that could never begin in this environment. Reads no key: planning touches nothing. */
async function approvalWarnings(release: Release, { approvals, signing }: Environment): Promise<string[]> {
  const { approverNames, stagesUnderPolicy, stagesWithoutPeople } =
    await import("../../rollout/consent/approval-policy.ts");
  const holders = signing.trustedKeyFiles.length > 1 ? signing.trustedKeyFiles : ["developer"];
  const names = approvals.approvers.length > 0 ? approverNames(approvals.approvers) : holders;
  return stagesWithoutPeople(stagesUnderPolicy(release.rollout.stages, approvals), names);
}
