import { applyEvent } from "./apply-event.ts";
import type { Effect } from "./effects.ts";
import { assignEffect, assignmentIdOf } from "./effects.ts";
import type { Observed, RolloutEvent } from "./events.ts";
import { gatesAreOpen } from "./gates.ts";
import { judge, mayGoOn, watchHealth } from "./judge.ts";
import type { DeviceProgress, RolloutState } from "./state.ts";
import { tallyOf } from "./tally.ts";

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
  state = watchHealth(state, tallyOf(state), nowMs);
  if (mayGoOn(state)) {
    if (event.type === "observed") state = assignAdmissible(state, event);
    state = judge(state, tallyOf(state), nowMs);
  } else if (
    state.status === "completed" &&
    event.type === "observed" &&
    gatesAreOpen(state, tallyOf(state))
  ) {
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
    for (const { deviceId, from } of chosen) devices[deviceId] = assignedProgress(component, version, from);
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
    for (const { deviceId, component, to } of chosen) {
      const from = state.devices[deviceId]?.version ?? "";
      returning[deviceId] = assignedProgress(component, to, from);
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

function assignedProgress(component: string, version: string, from: string): DeviceProgress {
  return {
    component,
    version,
    from,
    status: "assigned",
    beganAtMs: null,
    heard: false,
    silent: false,
    reason: "",
  };
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
