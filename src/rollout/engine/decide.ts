import { applyEvent } from "./apply-event.ts";
import type { Effect } from "./effects.ts";
import { assignEffect, assignmentIdOf, cancelEffect } from "./effects.ts";
import { type Books, copiedBooks } from "./books.ts";
import { isOver, lastUpdate, retryDue, wasStopped, withoutLast } from "./device-progress.ts";
import { completeObserved, completeStarted } from "./earlier-journals.ts";
import { type FirmwareStep, isSameStep, stepName, stepOf } from "./firmware-step.ts";
import type { Observed, RolloutEvent } from "./events.ts";
import { gatesAreOpen } from "./gates.ts";
import { judge, watchHealth } from "./judge.ts";
import { nothingBegins } from "./nothing-begins.ts";
import { type DeviceProgress, mayGoOn, type RolloutState } from "./state.ts";
import { unfinishedEffects } from "./unfinished-effects.ts";

export interface Decision {
  /** Null only before the rollout has started. The very same object when nothing changed. */
  readonly state: RolloutState | null;
  /** What was decided now; it is also in `state.pending` until it is confirmed. */
  readonly effects: readonly Effect[];
}

/**
 * The whole of the rollout's judgement: pure, synchronous and total. Every state and every event has
 * an answer; an event that makes no sense where it comes changes nothing.
 *
 * @param books how the books of devices are written; by default the state before stays as it was
 */
export function decide(
  before: RolloutState | null,
  event: RolloutEvent,
  nowMs: number,
  books: Books = copiedBooks,
): Decision {
  if (event.type === "started") event = completeStarted(event);
  if (event.type === "observed") event = completeObserved(event, before);
  let state = applyEvent(before, event, nowMs, books);
  if (state === null) return { state, effects: [] };
  const part = event.type === "observed" ? event : null;
  // Of a look that comes in parts only the last can tell that all has been seen.
  const look = part?.more ? null : part;
  const offer = part && part.admissible.length > 0 && !nothingBegins(state, nowMs) ? part : null;
  if (offer || !mayGoOn(state)) state = watchHealth(state, books.tally(state), nowMs);
  if (mayGoOn(state)) {
    const offered = offer ? assignAdmissible(state, offer, books) : state;
    const given = offered.pending.filter((effect) => !state?.pending.includes(effect));
    // Nothing new begins on what was seen long ago: a word of a person waits for the next look.
    const goesOn = look !== null || event.type === "started" || state.config.rulesVersion < 3;
    state = (goesOn ? judge : watchHealth)(offered, books.tally(offered), nowMs);
    if (!mayGoOn(state) && state.config.rulesVersion > 2) state = withoutGiven(state, given, books);
  } else if (state.status === "completed" && offer && gatesAreOpen(state, books.tally(state))) {
    // Devices that were away when it ended get what everybody got, for as long as it does them good.
    state = assignAdmissible(state, offer, books);
  } else if (state.status === "rolling-back" && part) {
    state = assignReturnable(keepDevices(state, part, books), part, books);
    // Only a look after all was taken back can tell that nothing has begun meanwhile.
    if (look && before?.status === "rolling-back" && unfinishedEffects(before).length === 0)
      state = finishRollback(state, nowMs);
  }
  const known = new Set(before?.pending.map((effect) => effect.key));
  return { state, effects: state.pending.filter((effect) => !known.has(effect.key)) };
}

/** Where an object keeps what it comes from: a device of that name could never be found in the books. */
const unbookable = "__proto__";

/**
 * What is to be done next. While the rollout is paused nothing is, though it had been decided before;
 * while a window is shut nothing that begins something.
 *
 * @param except keys of what was refused in this turn already
 */
export function nextEffect(
  state: RolloutState,
  nowMs: number,
  except: ReadonlySet<string> = new Set(),
): Effect | undefined {
  if (state.status === "paused") return undefined;
  const shut = nothingBegins(state, nowMs);
  return state.pending.find((effect) => !except.has(effect.key) && !(shut && begins(effect)));
}

function begins(effect: Effect): boolean {
  switch (effect.kind) {
    case "deploy-service":
    case "publish-app":
    case "expose-app":
      return true;
    case "assign":
      return !effect.rollback;
    case "halt-app":
    case "cancel":
    case "plan-way-back":
      return false;
  }
}

function assignAdmissible(state: RolloutState, event: Observed, books: Books): RolloutState {
  // A service that firmware of the same phase was planned after is there before the first device moves.
  if (state.pending.some((effect) => effect.kind === "deploy-service")) return state;
  let next = state;
  const unconfirmed = new Set(
    state.pending.flatMap((effect) => (effect.kind === "assign" ? effect.deviceIds : [])),
  );
  for (const chosen of groupBy(event.admissible, (step) => `${stepName(step)} ${step.retry ?? ""}`)) {
    const fresh = chosen.filter((each) => isFree(next, each) && !unconfirmed.has(each.deviceId));
    const [step] = fresh;
    if (!step) continue;
    const deviceIds = fresh.map(({ deviceId }) => deviceId);
    const effect = assignEffect(state.config.rolloutId, step, false, deviceIds);
    const given: Record<string, DeviceProgress> = {};
    for (const { deviceId, from } of fresh) {
      const earlier = Object.hasOwn(next.devices, deviceId) ? next.devices[deviceId] : undefined;
      given[deviceId] = { ...assignedProgress(step, from), ...(earlier && { earlier }) };
    }
    next = { ...next, devices: books.write(next.devices, given), pending: [...next.pending, effect] };
  }
  return next;
}

/** What was stopped in the moment in which it was decided was never given to anybody. */
function withoutGiven(state: RolloutState, given: readonly Effect[], books: Books): RolloutState {
  const deviceIds = given.flatMap((effect) => (effect.kind === "assign" ? effect.deviceIds : []));
  if (deviceIds.length === 0) return state;
  return { ...state, devices: books.write(state.devices, withoutLast(state.devices, deviceIds)) };
}

/** Nobody is given a step while the one before is not over. */
function isFree(
  { devices, retries }: RolloutState,
  step: FirmwareStep & { readonly deviceId: string },
): boolean {
  const progress = Object.hasOwn(devices, step.deviceId) ? devices[step.deviceId] : undefined;
  if (progress === undefined) return step.deviceId !== unbookable;
  const isRetry = step.retry !== undefined && step.retry === retryDue(retries, step.deviceId, progress);
  return (isOver(progress) || isRetry) && !isSameStep(progress, step);
}

function assignReturnable(state: RolloutState, event: Observed, books: Books): RolloutState {
  let next = state;
  const fresh = event.returnable.flatMap(({ component, deviceId, to }) => {
    const sent = Object.hasOwn(state.returning, deviceId) ? state.returning[deviceId] : undefined;
    if (deviceId === unbookable || event.kept.includes(deviceId) || (sent && !wasStopped(sent))) return [];
    // A backend does not take the same assignment for the same device a second time.
    const retry = sent && (sent.retry ?? 0) + 1;
    return [{ deviceId, ...stepOf({ component, version: to, ...(retry && { retry }) }) }];
  });
  for (const chosen of groupBy(fresh, (step) => `${stepName(step)} ${step.retry ?? ""}`)) {
    const [first] = chosen;
    if (!first) continue;
    const step = stepOf(first);
    const deviceIds = chosen.map(({ deviceId }) => deviceId);
    const effect = assignEffect(state.config.rolloutId, step, true, deviceIds);
    const given: Record<string, DeviceProgress> = {};
    for (const deviceId of deviceIds) {
      given[deviceId] = assignedProgress(step, state.devices[deviceId]?.version ?? "");
    }
    next = { ...next, returning: books.write(next.returning, given), pending: [...next.pending, effect] };
  }
  return next;
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Iterable<Item[]> {
  return Map.groupBy(items, key).values();
}

/** Takes back the way back of devices that a phone holds on the new version. */
function keepDevices(state: RolloutState, event: Observed, books: Books): RolloutState {
  if (event.kept.length === 0) return state;
  const kept: Record<string, DeviceProgress> = {};
  const byAssignment = new Map<string, string[]>();
  for (const deviceId of new Set(event.kept)) {
    const progress = Object.hasOwn(state.returning, deviceId) ? state.returning[deviceId] : undefined;
    if (!progress) continue;
    // For good: a backend does not take the same assignment for the same device a second time.
    kept[deviceId] = { ...progress, status: "failed" };
    const assignmentId = assignmentIdOf(state.config.rolloutId, progress, true);
    const deviceIds = byAssignment.get(assignmentId) ?? [];
    deviceIds.push(deviceId);
    byAssignment.set(assignmentId, deviceIds);
  }
  const pending = new Set(state.pending.map(({ key }) => key));
  const effects = [...byAssignment].map(([assignmentId, deviceIds]) => cancelEffect(assignmentId, deviceIds));
  const fresh = effects.filter(({ key }) => !pending.has(key));
  return { ...state, returning: books.write(state.returning, kept), pending: [...state.pending, ...fresh] };
}

function assignedProgress(step: FirmwareStep, from: string): DeviceProgress {
  return {
    ...stepOf(step),
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
    return back === undefined && lastUpdate(device)?.status !== "updated";
  });
  if (!settled || unfinishedEffects(state).length > 0) return state;
  return { ...state, status: "rolled-back", endedAtMs: nowMs };
}
