import { IotctlError } from "../../base/errors.ts";
import type { Environment } from "../../manifest/environment.ts";
import type { Stage } from "../../manifest/release.ts";

/** The stages of a rollout in an environment: one that asks for approval at all asks for at least `least`. */
export function stagesUnderPolicy(
  stages: readonly Stage[],
  { least }: Pick<Environment["approvals"], "least">,
): Stage[] {
  return stages.map((stage) =>
    stage.approvalsRequired > 0
      ? { ...stage, approvalsRequired: Math.max(stage.approvalsRequired, least) }
      : stage,
  );
}

/** Names of those whose consent counts, each once. */
export function approverNames(approvers: readonly { readonly name: string }[]): string[] {
  return [...new Set(approvers.map(({ name }) => name))];
}

/** What is wrong with stages that ask for more people than there are, as sentences without a full stop. */
export function stagesWithoutPeople(stages: readonly Stage[], names: readonly string[]): string[] {
  const people = new Set(names);
  return stages
    .filter(({ approvalsRequired }) => approvalsRequired > people.size)
    .map(
      ({ approvalsRequired, name }) =>
        `stage ${name} asks for the approval of ${approvalsRequired} people, and ` +
        `${people.size === 1 ? "only one person" : people.size === 0 ? "nobody" : `only ${people.size} people`} ` +
        `may give it${people.size === 0 ? "" : `: ${[...people].join(", ")}`}`,
    );
}

/** Refuses a rollout that would come to a stage which can never begin: IOT_APPROVERS_TOO_FEW. */
export function assertEnoughApprovers(
  stages: readonly Stage[],
  names: readonly string[],
  environment: string,
): void {
  const problems = stagesWithoutPeople(stages, names);
  if (problems.length === 0) return;
  throw new IotctlError("IOT_APPROVERS_TOO_FEW", `In environment ${environment} ${problems.join("; ")}.`, {
    hints: [
      "Name more approvers in iotctl.yaml: approvals: { approvers: [{ name, key }] }",
      "Or ask for fewer: approve: in the stage, least: in approvals",
    ],
    details: { environment, approvers: [...new Set(names)] },
  });
}
