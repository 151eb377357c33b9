import { assignEffect, type Effect } from "./effects.ts";
import type { Observed, RolloutEvent } from "./events.ts";
import { takeBack } from "./device-progress.ts";
import { hasEnded, type RolloutConfig, type RolloutState } from "./state.ts";
import { withdraw } from "./withdraw.ts";

/** What an event says, written into the state; what follows from it is decided elsewhere. */
export function applyEvent(
  state: RolloutState | null,
  event: RolloutEvent,
  nowMs: number,
): RolloutState | null {
  if (state === null) return event.type === "started" ? initialState(event.config, nowMs) : null;
  switch (event.type) {
    case "started":
      return state;
    case "observed":
      return applyObserved(state, event);
    case "effect-done":
      return applyEffectDone(state, event);
    case "effect-failed":
      return applyEffectFailed(state, event);
    case "approved":
      return applyApproval(state, event, nowMs);
    case "paused":
      return state.status === "running" || state.status === "awaiting-approval"
        ? { ...state, status: "paused" }
        : state;
    case "resumed":
      return state.status === "paused" ? { ...state, status: "running" } : state;
    case "aborted":
      // Going back is what is left of an abort, so it is not interrupted.
      return hasEnded(state.status) || state.status === "rolling-back"
        ? state
        : { ...withdraw(state, true), status: "aborted", endedAtMs: nowMs };
    case "rollback-requested":
      return state.status === "rolling-back" || state.status === "rolled-back"
        ? state
        : {
            ...withdraw(state, true),
            status: "rolling-back",
            endedAtMs: null,
            failure: state.failure ?? { gate: null, reason: `${event.by} asked to go back` },
          };
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
    failure: null,
    pending: [],
  };
}

function applyObserved(state: RolloutState, event: Observed): RolloutState {
  const unchanged =
    (state.waveSurveyed || !state.waveEntered) &&
    event.lapsed.length === 0 &&
    Object.keys(event.progress).length === 0 &&
    Object.keys(event.returning).length === 0 &&
    event.waiting === null &&
    event.population === null;
  if (unchanged) return state;
  const current = withoutLapsed(state, new Set(event.lapsed));
  return {
    ...current,
    waveSurveyed: state.waveEntered,
    devices: { ...current.devices, ...event.progress },
    returning: { ...current.returning, ...event.returning },
    waiting: event.waiting ?? state.waiting,
    population: event.population ?? state.population,
  };
}

function withoutLapsed(state: RolloutState, lapsed: ReadonlySet<string>): RolloutState {
  if (lapsed.size === 0) return state;
  let { devices, returning } = state;
  const pending: Effect[] = [];
  for (const effect of state.pending) {
    if (effect.kind !== "assign" || !effect.deviceIds.some((deviceId) => lapsed.has(deviceId))) {
      pending.push(effect);
      continue;
    }
    const gone = effect.deviceIds.filter((deviceId) => lapsed.has(deviceId));
    if (effect.rollback) returning = takeBack(returning, new Set(gone));
    else devices = takeBack(devices, new Set(gone));
    const left = effect.deviceIds.filter((deviceId) => !lapsed.has(deviceId));
    if (left.length > 0) pending.push(assignEffect(state.config.rolloutId, effect, effect.rollback, left));
  }
  return { ...state, devices, returning, pending };
}

function applyEffectDone(state: RolloutState, event: RolloutEvent & { type: "effect-done" }): RolloutState {
  const effect = state.pending.find(({ key }) => key === event.key);
  if (!effect) return state;
  const pending = state.pending.filter((other) => other !== effect);
  switch (effect.kind) {
    case "deploy-service":
      return { ...state, pending, deployed: { ...state.deployed, [effect.component]: effect.version } };
    case "expose-app":
      return {
        ...state,
        pending,
        exposed: { ...state.exposed, [`${effect.component}@${effect.version}`]: effect.percent },
      };
    case "assign": {
      const refused = new Map((event.refused ?? []).map(({ deviceId, reason }) => [deviceId, reason]));
      return {
        ...state,
        pending,
        ...(effect.rollback
          ? { returning: takeBack(state.returning, new Set(refused.keys())) }
          : {
              devices: takeBack(state.devices, new Set(refused.keys())),
              waiting: { ...state.waiting, ...Object.fromEntries(refused) },
            }),
      };
    }
    case "publish-app":
    case "halt-app":
    case "cancel":
      return { ...state, pending };
  }
}

function applyEffectFailed(
  state: RolloutState,
  event: RolloutEvent & { type: "effect-failed" },
): RolloutState {
  const effect = state.pending.find(({ key }) => key === event.key);
  if (!effect) return state;
  const reason = event.message;
  // The way back is not tried for ever: these devices stay as they are, for this reason.
  const kept = effect.kind === "assign" && effect.rollback ? effect.deviceIds : [];
  const returning = { ...state.returning };
  for (const deviceId of kept) {
    const progress = returning[deviceId];
    if (progress) returning[deviceId] = { ...progress, status: "failed", reason };
  }
  return {
    ...state,
    returning,
    pending: state.pending.filter((other) => other !== effect),
    failure: state.failure ?? { gate: null, reason },
  };
}

/** An approval counts once per person, for this plan and one stage of it. */
function applyApproval(
  state: RolloutState,
  event: RolloutEvent & { type: "approved" },
  nowMs: number,
): RolloutState {
  const counts =
    !hasEnded(state.status) &&
    event.planDigest === state.config.planDigest &&
    state.config.stages.some(({ name }) => name === event.stage) &&
    !state.approvals.some(({ stage, by }) => stage === event.stage && by === event.by);
  if (!counts) return state;
  const approval = { stage: event.stage, by: event.by, reason: event.reason, atMs: nowMs };
  return { ...state, approvals: [...state.approvals, approval] };
}
