import { applyEvent } from "./apply-event.ts";
import type { Effect } from "./effects.ts";
import { assignEffect, assignmentIdOf } from "./effects.ts";
import type { Observed, RolloutEvent } from "./events.ts";
import { gatesAreOpen, gatesInForce } from "./gates.ts";
import { kindOf, phasesOf } from "./release-kinds.ts";
import { retirementsMissing } from "./retirement.ts";
import { updateDeadlineMs } from "./track-device.ts";
import type { Phase } from "./schedule.ts";
import { hasEnded, type RolloutState } from "./state.ts";
import { withdraw } from "./withdraw.ts";

export interface Decision {
  /** Null only before the rollout has started. The very same object when nothing changed. */
  readonly state: RolloutState | null;
  /** What was decided now; it is also in `state.pending` until it is confirmed. */
  readonly effects: readonly Effect[];
}

/**
 * The whole of the rollout's judgement: pure, synchronous and total. Every state and every event has
 * an answer; an event that makes no sense where it comes changes nothing.
 */
export function decide(before: RolloutState | null, event: RolloutEvent, nowMs: number): Decision {
  let state = applyEvent(before, event, nowMs);
  if (state === null) return { state, effects: [] };
  state = watchHealth(state, nowMs);
  if (state.status === "running" || state.status === "awaiting-approval") {
    if (event.type === "observed") state = assignAdmissible(state, event);
    // A stage may begin with a gate that fails already; nothing of it is done then.
    state = watchHealth(advanceWaves(state, nowMs), nowMs);
  } else if (state.status === "completed" && event.type === "observed" && gatesAreOpen(state)) {
    // Devices that were away when it ended get what everybody got, for as long as it does them good.
    state = assignAdmissible(state, event);
  } else if (state.status === "rolling-back" && event.type === "observed") {
    state = assignReturnable(keepDevices(state, event), event);
    // Only a look after all was taken back can tell that nothing has begun meanwhile.
    if (before?.status === "rolling-back" && before.pending.length === 0)
      state = finishRollback(state, nowMs);
  }
  const known = new Set(before?.pending.map((effect) => effect.key));
  return { state, effects: state.pending.filter((effect) => !known.has(effect.key)) };
}

/** What is to be done next. While the rollout is paused nothing is, though it had been decided before. */
export function nextEffect(state: RolloutState): Effect | undefined {
  return state.status === "paused" ? undefined : state.pending[0];
}

/** Health is watched in every state that has not ended: a pause or a missing approval disarms nothing. */
function watchHealth(state: RolloutState, nowMs: number): RolloutState {
  if (hasEnded(state.status) || state.status === "rolling-back") return state;
  if (state.failure) return stop(state, nowMs);
  const failed = gatesInForce(state).find((gate) => gate.verdict === "fail");
  if (!failed) return state;
  const reason = `${failed.failures} of ${failed.devices} devices failed, more than ${failed.limitPercent}% allows`;
  return stop({ ...state, failure: { gate: failed.name, reason } }, nowMs);
}

/** Stops everything that is under way, and goes back where the release says so. */
function stop(state: RolloutState, nowMs: number): RolloutState {
  const goesBack = state.config.onFailure === "rollback" && state.failure?.gate !== null;
  const stopped = withdraw(state, true);
  return goesBack
    ? { ...stopped, status: "rolling-back" }
    : { ...stopped, status: "failed", endedAtMs: nowMs };
}

function assignAdmissible(state: RolloutState, event: Observed): RolloutState {
  // A service that firmware of the same phase was planned after is there before the first device moves.
  if (state.pending.some((effect) => effect.kind === "deploy-service")) return state;
  let next = state;
  const fresh = event.admissible.filter(({ deviceId }) => !Object.hasOwn(state.devices, deviceId));
  for (const component of new Set(fresh.map((device) => device.component))) {
    const version = state.config.resolved.components[component]?.version;
    if (version === undefined) continue;
    const chosen = fresh.filter((device) => device.component === component);
    const assignmentId = assignmentIdOf(state.config.rolloutId, component, version, false);
    const deviceIds = chosen.map(({ deviceId }) => deviceId);
    const effect = assignEffect(assignmentId, { component, version, rollback: false }, deviceIds);
    const devices = { ...next.devices };
    for (const { deviceId, from } of chosen) devices[deviceId] = assignedProgress(component, from);
    next = { ...next, devices, pending: [...next.pending, effect] };
  }
  return next;
}

function assignReturnable(state: RolloutState, event: Observed): RolloutState {
  let next = state;
  const fresh = event.returnable.filter(
    ({ deviceId }) => !Object.hasOwn(state.returning, deviceId) && !event.kept.includes(deviceId),
  );
  for (const key of new Set(fresh.map(({ component, to }) => `${component}@${to}`))) {
    const chosen = fresh.filter(({ component, to }) => `${component}@${to}` === key);
    const [first] = chosen;
    if (!first) continue;
    const assignmentId = assignmentIdOf(state.config.rolloutId, first.component, first.to, true);
    const what = { component: first.component, version: first.to, rollback: true };
    const deviceIds = chosen.map(({ deviceId }) => deviceId);
    const effect = assignEffect(assignmentId, what, deviceIds);
    const returning = { ...next.returning };
    for (const { deviceId, component } of chosen) {
      const from = state.config.resolved.components[component]?.version ?? "";
      returning[deviceId] = assignedProgress(component, from);
    }
    next = { ...next, returning, pending: [...next.pending, effect] };
  }
  return next;
}

/** Takes back the way back of devices that a phone holds on the new version. */
function keepDevices(state: RolloutState, event: Observed): RolloutState {
  const returning = { ...state.returning };
  const byAssignment = new Map<string, string[]>();
  for (const deviceId of new Set(event.kept)) {
    const progress = Object.hasOwn(returning, deviceId) ? returning[deviceId] : undefined;
    if (!progress) continue;
    // For good: a backend does not take the same assignment for the same device a second time.
    returning[deviceId] = { ...progress, status: "failed" };
    const { component, from } = state.devices[deviceId] ?? { component: "", from: "" };
    const assignmentId = assignmentIdOf(state.config.rolloutId, component, from, true);
    byAssignment.set(assignmentId, [...(byAssignment.get(assignmentId) ?? []), deviceId]);
  }
  const pending = new Set(state.pending.map(({ key }) => key));
  const effects = [...byAssignment].map(([assignmentId, deviceIds]): Effect => {
    return { kind: "cancel", key: `cancel:${assignmentId}:${deviceIds[0]}`, assignmentId, deviceIds };
  });
  const fresh = effects.filter(({ key }) => !pending.has(key));
  return event.kept.length === 0 ? state : { ...state, returning, pending: [...state.pending, ...fresh] };
}

function assignedProgress(component: string, from: string): RolloutState["devices"][string] {
  return { component, from, status: "assigned", beganAtMs: null, heard: false, silent: false, reason: "" };
}

function advanceWaves(state: RolloutState, nowMs: number): RolloutState {
  const phases = phasesOf(state.config);
  const turnsMax = phases.reduce((sum, phase) => sum + phase.waves.length + 1, 1) * 2;
  let next = state;
  for (let turn = 0; turn < turnsMax; turn++) {
    const phase = phases[next.phaseIndex];
    if (!phase) return { ...next, status: "completed", endedAtMs: nowMs };
    if (next.waveIndex >= phase.waves.length) {
      next = { ...next, phaseIndex: next.phaseIndex + 1, waveIndex: 0, waveEntered: false };
    } else if (!next.waveEntered) {
      // What had passed may have turned while the rollout waited for people or for versions to leave.
      if (!gatesAreOpen(next)) return running(next);
      if (next.waveIndex === 0 && retirementsMissing(next, phase).length > 0) return running(next);
      if (approvalsMissing(next, phase) > 0) {
        return next.status === "awaiting-approval" ? next : { ...next, status: "awaiting-approval" };
      }
      next = enterWave(running(next), phase, nowMs);
    } else if (waveIsOver(next, phase, nowMs)) {
      next = { ...next, waveIndex: next.waveIndex + 1, waveEntered: false };
    } else {
      return running(next);
    }
  }
  return next;
}

function running(state: RolloutState): RolloutState {
  return state.status === "running" ? state : { ...state, status: "running" };
}

/** How many people still have to approve the stage of the current wave. */
export function approvalsMissing(state: RolloutState, phase: Phase): number {
  const wave = phase.waves[state.waveIndex];
  const stage = wave && state.config.stages[wave.stageIndex];
  if (!stage) return 0;
  const people = new Set(
    state.approvals.filter(({ stage: name }) => name === stage.name).map(({ by }) => by),
  );
  return Math.max(0, stage.approvalsRequired - people.size);
}

function enterWave(state: RolloutState, phase: Phase, nowMs: number): RolloutState {
  const effects: Effect[] = [];
  const wave = phase.waves[state.waveIndex];
  const percent = wave ? (state.config.stages[wave.stageIndex]?.waves[wave.waveIndex]?.appsPercent ?? 0) : 0;
  for (const { component, version } of phase.introductions) {
    const name = `${component}@${version}`;
    switch (kindOf(state.config, component)) {
      case "service":
        if (state.waveIndex === 0)
          effects.push({ kind: "deploy-service", key: `deploy:${name}`, component, version });
        break;
      case "app":
        if (state.waveIndex === 0)
          effects.push({ kind: "publish-app", key: `publish:${name}`, component, version });
        if (percent > (state.exposed[component] ?? 0)) {
          effects.push({ kind: "expose-app", key: `expose:${name}:${percent}`, component, version, percent });
        }
        break;
      case "firmware":
        break;
    }
  }
  return {
    ...state,
    waveEntered: true,
    waveStartedAtMs: nowMs,
    waveSurveyed: false,
    pending: [...state.pending, ...effects],
  };
}

const beginGraceMaxMs = 10 * 60_000;

function waveIsOver(state: RolloutState, phase: Phase, nowMs: number): boolean {
  const wave = phase.waves[state.waveIndex];
  const stage = wave && state.config.stages[wave.stageIndex];
  return (
    stage !== undefined &&
    state.pending.length === 0 &&
    state.waveSurveyed &&
    state.population !== null &&
    nowMs - state.waveStartedAtMs >= stage.bakeMs &&
    gatesAreOpen(state) &&
    !Object.values(state.devices).some((device) => device.status === "updating") &&
    (devicesToBegin(state) === 0 || nowMs - state.waveStartedAtMs >= beginGraceMs(state))
  );
}

/** Devices that have their assignment and nothing that holds them, but have not begun. */
export function devicesToBegin({ devices }: RolloutState): number {
  return Object.values(devices).filter(({ reason, status }) => status === "assigned" && reason === "").length;
}

/** How long a wave gives its devices to begin; who sleeps longer joins later and is not waited for. */
function beginGraceMs({ config }: RolloutState): number {
  return Math.min(updateDeadlineMs(config.gates), beginGraceMaxMs);
}

/** Over when every device that was updated is back, could not go back, or has to stay or sleep as it is. */
function finishRollback(state: RolloutState, nowMs: number): RolloutState {
  const settled = Object.entries(state.devices).every(([deviceId, device]) => {
    if (device.status === "updating") return false;
    const back = Object.hasOwn(state.returning, deviceId) ? state.returning[deviceId]?.status : undefined;
    if (back === "updated" || back === "failed" || Object.hasOwn(state.waiting, deviceId)) return true;
    return back === undefined && device.status !== "updated";
  });
  if (!settled || state.pending.length > 0) return state;
  return { ...state, status: "rolled-back", endedAtMs: nowMs };
}
