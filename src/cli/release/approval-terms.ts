import type { Release } from "../../manifest/release.ts";
import {
  approverNames,
  assertEnoughApprovers,
  stagesUnderPolicy,
} from "../../rollout/consent/approval-policy.ts";
import type { RolloutConfig } from "../../rollout/engine/state.ts";
import type { Context } from "../context.ts";

/**
 * Who may approve a rollout that begins now, and how many of them each stage needs. Throws
 * IOT_APPROVERS_TOO_FEW where a stage could never begin, and what is wrong with the keys of approvers.
 */
export async function approvalTerms(
  release: Release,
  context: Context,
): Promise<Required<Pick<RolloutConfig, "approvers" | "stages">>> {
  const { approvals, name } = context.environment;
  const approvers = await context.approvers();
  const stages = stagesUnderPolicy(release.rollout.stages, approvals);
  assertEnoughApprovers(stages, approverNames(approvers), name);
  return { approvers, stages };
}
