import type { Approval, RolloutState } from "./state.ts";

/** What people said about a stage that asks for approval, or that somebody holds. */
export interface ApprovalsView {
  readonly stage: string;
  readonly required: number;
  readonly given: readonly Approval[];
  /** One of these holds the stage, however many have approved. */
  readonly denied: readonly Approval[];
  readonly missing: number;
}

/** Null where nobody is asked and nobody said anything. */
export function viewApprovals({ approvals, config }: RolloutState, stageIndex: number): ApprovalsView | null {
  const stage = config.stages[stageIndex];
  if (!stage) return null;
  const said = approvals.filter((each) => each.stage === stage.name);
  if (stage.approvalsRequired === 0 && said.length === 0) return null;
  const given = said.filter(({ denied }) => !denied);
  return {
    stage: stage.name,
    required: stage.approvalsRequired,
    given,
    denied: said.filter(({ denied }) => denied),
    missing: Math.max(0, stage.approvalsRequired - given.length),
  };
}
