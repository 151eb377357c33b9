import { describeWayBack, type WayBackView } from "../rollout/engine/describe-way-back.ts";
import { relationOf } from "../rollout/engine/known-versions.ts";
import { planWayBack } from "../rollout/engine/plan-way-back.ts";
import type { RolloutState } from "../rollout/engine/state.ts";
import { assertMoved, assertWayBack } from "./assert-way-back.ts";

/**
 * What going back would come to, by the last look at the field; what was planned already is not planned
 * anew. Throws IOT_ROLLBACK_BLOCKED where nobody can go back, or nobody was moved.
 */
export function planRollback(state: RolloutState): WayBackView {
  const isGoing = state.status === "rolling-back" || state.status === "rolled-back";
  const planned = isGoing ? state.wayBack : null;
  if (!isGoing) assertMoved(state);
  const wayBack = planned ?? planWayBack(state, relationOf(state.config));
  if (!isGoing) assertWayBack(state.config.rolloutId, wayBack);
  return describeWayBack(state, wayBack);
}
