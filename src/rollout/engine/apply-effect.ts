import type { Books } from "./books.ts";
import { isShut } from "./describe-way-back.ts";
import { withoutLast } from "./device-progress.ts";
import type { Effect } from "./effects.ts";
import type { RolloutEvent } from "./events.ts";
import { kindOf } from "./release-kinds.ts";
import type { DeviceProgress, RolloutState } from "./state.ts";
import type { WayBack } from "./way-back.ts";

/** What came of an effect that was carried out. */
export function applyEffectDone(
  state: RolloutState,
  event: RolloutEvent & { type: "effect-done" },
  nowMs: number,
  books: Books,
): RolloutState {
  const effect = state.pending.find(({ key }) => key === event.key);
  if (!effect) return applyLateDeployment(state, event.key);
  const pending = state.pending.filter((other) => other !== effect);
  const { [effect.key]: _, ...refusedStill } = state.refused;
  if (Object.hasOwn(state.refused, effect.key)) state = { ...state, refused: refusedStill };
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
      if (effect.rollback) {
        const changes = withoutLast(state.returning, refused.keys());
        return { ...state, pending, returning: books.write(state.returning, changes) };
      }
      return {
        ...state,
        pending,
        devices: books.write(state.devices, withoutLast(state.devices, refused.keys())),
        waiting: books.write(state.waiting, Object.fromEntries(refused)),
      };
    }
    case "plan-way-back":
      return planned({ ...state, pending }, event.wayBack ?? { open: {}, closed: [] }, nowMs);
    case "publish-app":
    case "halt-app":
    case "cancel":
      return { ...state, pending };
  }
}

/** What went wrong for good. */
export function applyEffectFailed(
  state: RolloutState,
  event: RolloutEvent & { type: "effect-failed" },
  nowMs: number,
  books: Books,
): RolloutState {
  const effect = state.pending.find(({ key }) => key === event.key);
  if (!effect) return state;
  const reason = event.message;
  if (state.config.rulesVersion >= 3 && stops(effect)) return refuse(state, effect, reason);
  // The way back is not tried for ever: these devices stay as they are, for this reason.
  const kept = effect.kind === "assign" && effect.rollback ? effect.deviceIds : [];
  const changes: Record<string, DeviceProgress> = {};
  for (const deviceId of kept) {
    const progress = Object.hasOwn(state.returning, deviceId) ? state.returning[deviceId] : undefined;
    if (progress) changes[deviceId] = { ...progress, status: "failed", reason };
  }
  const next: RolloutState = {
    ...state,
    returning: books.write(state.returning, changes),
    pending: state.pending.filter((other) => other !== effect),
    failure: state.failure ?? { gate: null, reason },
  };
  return effect.kind === "plan-way-back" ? { ...next, status: "failed", endedAtMs: nowMs } : next;
}

/** What stops something is tried again in every turn until it is done: a refusal does not make it less urgent. */
function refuse(state: RolloutState, { key }: Effect, reason: string): RolloutState {
  if (Object.hasOwn(state.refused, key) && state.refused[key] === reason) return state;
  const refused = { ...state.refused, [key]: reason };
  return { ...state, refused, failure: state.failure ?? { gate: null, reason } };
}

function stops({ kind }: Effect): boolean {
  return kind === "halt-app" || kind === "cancel";
}

/** Where nobody may go back, all stays as it is, and a person has to say what comes next. */
function planned(state: RolloutState, wayBack: WayBack, nowMs: number): RolloutState {
  const next = { ...state, wayBack };
  return isShut(wayBack) ? { ...next, status: "failed", endedAtMs: nowMs } : next;
}

/** An abort that came while a service was being deployed took the deployment off the list, not off the world. */
function applyLateDeployment(state: RolloutState, key: string): RolloutState {
  if (state.config.rulesVersion < 3) return state;
  const step = state.config.plan.steps.find(
    ({ action, component, version }) =>
      action === "introduce" &&
      kindOf(state.config, component) === "service" &&
      key === `deploy:${component}@${version}`,
  );
  if (!step || state.deployed[step.component] === step.version) return state;
  return { ...state, deployed: { ...state.deployed, [step.component]: step.version } };
}
