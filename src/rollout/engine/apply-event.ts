import { applyConsent } from "./apply-consent.ts";
import { applyEffectDone, applyEffectFailed } from "./apply-effect.ts";
import { applyObserved } from "./apply-observed.ts";
import { type Books, copiedBooks } from "./books.ts";
import type { RolloutEvent } from "./events.ts";
import { hasEnded, type RolloutConfig, type RolloutState } from "./state.ts";
import { goBack, stopGoingBack, withdraw } from "./withdraw.ts";

/** What an event says, written into the state; what follows from it is decided elsewhere. */
export function applyEvent(
  state: RolloutState | null,
  event: RolloutEvent,
  nowMs: number,
  books: Books = copiedBooks,
): RolloutState | null {
  if (state === null) return event.type === "started" ? initialState(event.config, nowMs) : null;
  switch (event.type) {
    case "started":
      return state;
    case "observed":
      return applyObserved(state, event, nowMs, books);
    case "effect-done":
      return applyEffectDone(state, event, nowMs, books);
    case "effect-failed":
      return applyEffectFailed(state, event, nowMs, books);
    case "freezes-changed":
      return { ...state, freezes: event.freezes };
    case "approved":
    case "denied":
    case "bake-skipped":
      return applyConsent(state, event, nowMs);
    case "paused":
      return state.status === "running" || state.status === "awaiting-approval"
        ? { ...state, status: "paused" }
        : state;
    case "resumed":
      return state.status === "paused" ? { ...state, status: "running" } : state;
    case "aborted":
      return applyAbort(state, nowMs);
    case "rollback-requested":
      return state.status === "rolling-back" || state.status === "rolled-back"
        ? state
        : {
            ...goBack(state),
            endedAtMs: null,
            failure: state.failure ?? { gate: null, reason: `${event.by} asked to go back` },
          };
    case "retried":
      return applyRetry(state, event);
    default:
      return state;
  }
}

function initialState(config: RolloutConfig, nowMs: number): RolloutState {
  return {
    config,
    status: "running",
    startedAtMs: nowMs,
    endedAtMs: null,
    phaseIndex: 0,
    waveIndex: 0,
    waveEntered: false,
    waveStartedAtMs: nowMs,
    waveSurveyed: false,
    devices: {},
    returning: {},
    waiting: {},
    population: null,
    exposed: {},
    deployed: {},
    approvals: [],
    bakeSkipped: false,
    retries: {},
    metrics: {},
    overdue: [],
    freezes: config.freezes ?? [],
    wayBack: null,
    failure: null,
    pending: [],
    refused: {},
  };
}

/**
 * Stops for good, in any state in which anything may still move: also the late deliveries of a rollout
 * that has completed, and a way back that does harm.
 */
function applyAbort(state: RolloutState, nowMs: number): RolloutState {
  const { config, status } = state;
  const aborted = { status: "aborted", endedAtMs: nowMs } as const;
  if (!hasEnded(status) && status !== "rolling-back") return { ...withdraw(state, true), ...aborted };
  // By the rules before, these went on.
  if (config.rulesVersion < 3) return state;
  if (status === "completed") return { ...withdraw(state, false), ...aborted };
  return status === "rolling-back" ? { ...stopGoingBack(state), ...aborted } : state;
}

/** Those of the named devices that have failed are to be given their step once more. */
function applyRetry(state: RolloutState, event: RolloutEvent & { type: "retried" }): RolloutState {
  if (hasEnded(state.status) || state.status === "rolling-back") return state;
  const named = event.deviceIds ?? Object.keys(state.devices);
  const retries = { ...state.retries };
  let isNew = false;
  for (const deviceId of named) {
    const progress = Object.hasOwn(state.devices, deviceId) ? state.devices[deviceId] : undefined;
    if (progress?.status !== "failed") continue;
    const times = (progress.retry ?? 0) + 1;
    isNew ||= retries[deviceId] !== times;
    retries[deviceId] = times;
  }
  return isNew ? { ...state, retries } : state;
}
