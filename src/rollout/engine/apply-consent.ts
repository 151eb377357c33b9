import type { Consent } from "./events.ts";
import { phasesOf } from "./release-kinds.ts";
import { type Approval, hasEnded, type RolloutState } from "./state.ts";

/** A word of a person: it counts for this plan and one stage of it alone. */
export function applyConsent(state: RolloutState, event: Consent, nowMs: number): RolloutState {
  const isAbout =
    event.planDigest === state.config.planDigest &&
    state.config.stages.some(({ name }) => name === event.stage);
  if (hasEnded(state.status) || !isAbout) return state;
  return event.type === "bake-skipped" ? skipBake(state, event) : noteApproval(state, event, nowMs);
}

/** The last word of a person about a stage takes the place of the one before; saying the same again is nothing new. */
function noteApproval(
  state: RolloutState,
  { by, reason, stage, type }: Consent,
  nowMs: number,
): RolloutState {
  const before = state.approvals.find((each) => each.stage === stage && each.by === by);
  const denied = type === "denied";
  if (before && (before.denied ?? false) === denied) return state;
  const approval: Approval = { stage, by, reason, atMs: nowMs, ...(denied && { denied }) };
  return { ...state, approvals: [...state.approvals.filter((each) => each !== before), approval] };
}

/** Only the wave that bakes now can be cut short; what was signed for another is void. */
function skipBake(state: RolloutState, { phase, stage, wave }: Consent): RolloutState {
  const current = phasesOf(state.config)[state.phaseIndex]?.waves[state.waveIndex];
  const isCurrent =
    state.waveEntered &&
    current !== undefined &&
    current.name === wave &&
    (phase === undefined || phase === state.phaseIndex + 1) &&
    state.config.stages[current.stageIndex]?.name === stage;
  return isCurrent && !state.bakeSkipped ? { ...state, bakeSkipped: true } : state;
}
