import { canonicalJson } from "../../base/canonical-json.ts";
import { IotctlError } from "../../base/errors.ts";
import type { Release } from "../../manifest/release.ts";
import type { Plan } from "../../planner/plan.ts";
import type { Context } from "../context.ts";
import { basisOf, type PlanBasis } from "./plan-basis.ts";
import { changesBetween } from "./plan-changes.ts";
import { planFrom, type PlannedRelease, planRelease } from "./plan-release.ts";
import { readSavedPlan } from "./saved-plan.ts";

const changesMax = 20;

/** The plan for a release as things are now, which is the one in a file if that is given. Errors as `planOfFile`. */
export function planToCarryOut(
  release: Release,
  context: Context,
  { nowMs, planFile }: { readonly nowMs: number; readonly planFile?: string | undefined },
): Promise<PlannedRelease> {
  return planFile === undefined
    ? planRelease(release, context, { nowMs })
    : planOfFile(planFile, release, context, nowMs);
}

/**
 * The plan in a file, when it is what planning gives for the release and the field as they are now.
 * The file itself is not believed: everything is looked at and planned again, and what is returned is
 * the new plan. Throws IOT_PLAN_STALE with everything that changed, IOT_PLAN_EDITED, or
 * IOT_PLAN_FILE_INVALID.
 */
async function planOfFile(
  path: string,
  release: Release,
  context: Context,
  nowMs: number,
): Promise<PlannedRelease> {
  const { basis, plan } = readSavedPlan(path);
  assertIsFor(path, plan, release);
  const planned = await planRelease(release, context, { nowMs });
  const { look } = planned;
  const now = basisOf(release, look);
  const changes = changesBetween({ ...basis, live: plan.field }, { ...now, live: planned.plan.field });
  if (changes.length > 0) throw stale(path, changes);
  // A field file may say less of hardware than can be observed.
  const hardware = basis.field === "given" ? basis.hardware : look.hardware;
  const { hardware: _, ...rest } = now;
  const unchanged = { ...rest, field: basis.field, ...(hardware && { hardware }) };
  const { live, relation } = look;
  const own = await planFrom(release, { live, relation, ...(hardware && { hardware }) });
  if (!same(basis, unchanged) || !same(plan, own)) throw edited(path);
  if (!same(plan, planned.plan)) {
    throw stale(path, [
      "The field file said nothing of hardware, and for the models in the field planning gives other steps.",
    ]);
  }
  return planned;
}

/** The plan in a file, when it is the one that a rollout under way began with; IOT_PLAN_STALE otherwise. */
export function assertIsPlanOf(
  path: string,
  release: Release,
  rollout: { readonly rolloutId: string; readonly plan: Plan },
): void {
  const { plan } = readSavedPlan(path);
  assertIsFor(path, plan, release);
  if (same(plan, rollout.plan)) return;
  throw new IotctlError(
    "IOT_PLAN_STALE",
    `Rollout ${rollout.rolloutId} is under way with another plan than the one in ${path}.`,
    {
      hints: ["Go on with what began: iotctl release", `See it: iotctl rollout status ${rollout.rolloutId}`],
      details: { path, rolloutId: rollout.rolloutId },
    },
  );
}

function assertIsFor(path: string, plan: Plan, { product, version }: Release): void {
  if (plan.product === product && plan.release === version) return;
  throw stale(path, [
    `The plan is for ${plan.product} ${plan.release}, and the manifest for ${product} ${version}.`,
  ]);
}

function same(a: Plan | PlanBasis, b: Plan | PlanBasis): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function stale(path: string, changes: readonly string[]): IotctlError {
  const more = changes.length - changesMax;
  const lines = [...changes.slice(0, changesMax), ...(more > 0 ? [`... and ${more} more changes.`] : [])];
  return new IotctlError(
    "IOT_PLAN_STALE",
    `${path} was made for what is no longer so:\n${lines.map((line) => `  ${line}`).join("\n")}`,
    {
      hints: [`Plan again, and look at it: iotctl plan -o ${path}`],
      details: { path, changes },
    },
  );
}

function edited(path: string): IotctlError {
  return new IotctlError(
    "IOT_PLAN_EDITED",
    `${path} is not the plan that planning gives for what it was made from: it was edited, or made by another version of iotctl.`,
    { hints: [`Plan again, and look at it: iotctl plan -o ${path}`], details: { path } },
  );
}
