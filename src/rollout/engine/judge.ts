import { assignmentIdOf, cancelEffect, type Effect } from "./effects.ts";
import { type FirmwareStep, isSameVersion } from "./firmware-step.ts";
import type { Stage } from "../../manifest/release.ts";
import type { PlanStep } from "../../planner/plan.ts";
import { gatesAreOpen, gatesInForce, type GateStatus } from "./gates.ts";
import { kindOf, phasesOf, retirementsPassed } from "./release-kinds.ts";
import { stillAwaited } from "./retirement.ts";
import type { Phase } from "./schedule.ts";
import { hasEnded, mayGoOn, type RolloutState } from "./state.ts";
import type { Tally } from "./tally.ts";
import { updateDeadlineMs } from "./track-device.ts";
import { approvalsMissing, isDenied } from "./approvals.ts";
import { isShut } from "./calendar.ts";
import { forNewWave } from "./metric-gates.ts";
import { goBack, withdraw } from "./withdraw.ts";

/**
 * What follows for the rollout as a whole: a gate that fails stops it, a wave that is over makes room
 * for the next, and what a wave begins with becomes pending. Of devices it knows the tally alone, and
 * `state.population`, so that a field of any size can be judged.
 */
export function judge(state: RolloutState, tally: Tally, nowMs: number): RolloutState {
  const watched = watchHealth(state, tally, nowMs);
  if (!mayGoOn(watched)) return watched;
  const advanced = advanceWaves(watched, tally, nowMs);
  // A stage may begin with a gate that fails already; nothing of it is done then.
  return advanced === watched ? watched : watchHealth(advanced, tally, nowMs);
}

/** Health is watched in every state that has not ended: a pause or a missing approval disarms nothing. */
export function watchHealth(state: RolloutState, tally: Tally, nowMs: number): RolloutState {
  if (hasEnded(state.status) || state.status === "rolling-back") return state;
  if (state.failure) return stop(state, nowMs);
  const failed = gatesInForce(state, tally).find(({ dryRun, verdict }) => verdict === "fail" && !dryRun);
  return failed
    ? stop({ ...state, failure: { gate: failed.name, reason: whyFailed(failed) } }, nowMs)
    : state;
}

function whyFailed({ devices, failures, limitPercent, metric, noData }: GateStatus): string {
  if (noData) return "there was nothing to judge by until the deadline";
  if (metric)
    return `${metric.record?.bad ?? 0} readings in a row are outside of its bound, the last is ${metric.record?.last.value}`;
  return `${failures} of ${devices} devices failed, more than ${limitPercent}% allows`;
}

/** Stops everything that is under way, and goes back where the release says so. */
function stop(state: RolloutState, nowMs: number): RolloutState {
  const goesBack = state.config.onFailure === "rollback" && state.failure?.gate !== null;
  return goesBack ? goBack(state) : { ...withdraw(state, true), status: "failed", endedAtMs: nowMs };
}

function advanceWaves(state: RolloutState, tally: Tally, nowMs: number): RolloutState {
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
      if (!gatesAreOpen(next, tally)) return running(next);
      if (next.waveIndex === 0 && stillAwaited(next, phase).length > 0) return running(next);
      if (approvalsMissing(next, phase) > 0 || isDenied(next, phase)) {
        return next.status === "awaiting-approval" ? next : { ...next, status: "awaiting-approval" };
      }
      if (isShut(nowMs, stageOf(next, phase)?.windows, next.freezes)) return running(next);
      next = enterWave(running(next), phase, nowMs);
    } else if (waveIsOver(next, tally, phase, nowMs)) {
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

function stageOf({ config, waveIndex }: RolloutState, phase: Phase): Stage | undefined {
  return config.stages[phase.waves[waveIndex]?.stageIndex ?? -1];
}

function enterWave(state: RolloutState, phase: Phase, nowMs: number): RolloutState {
  const effects: Effect[] = state.waveIndex === 0 ? takeBackRetired(state, phase) : [];
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
        if (percent > (state.exposed[name] ?? 0)) {
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
    bakeSkipped: false,
    overdue: [],
    metrics: forNewWave(state.metrics),
    pending: [...state.pending, ...effects],
  };
}

/**
 * Who slept until a version had left the field must not wake up to it: what comes now need not fit it.
 * The same is true of who was offered it once more in the phase before.
 */
function takeBackRetired(state: RolloutState, { after }: Phase): Effect[] {
  const { config, phaseIndex } = state;
  const earlier = retirementsPassed(state).map((gone) => ({ ...gone, again: phaseIndex - 1 }));
  const retired = [...after, ...earlier]
    .filter((gone) => kindOf(config, gone.component) === "firmware")
    .filter((gone) => config.plan.steps.some((step) => introduces(step, gone)));
  const retried = Object.values(state.devices).filter(
    (device) =>
      device.retry !== undefined &&
      device.status === "assigned" &&
      retired.some((gone) => gone.component === device.component && gone.version === device.version),
  );
  const ids = new Set([...retired, ...retried].map((gone) => assignmentIdOf(config.rolloutId, gone, false)));
  return [...ids].map((id) => cancelEffect(id));
}

function introduces(step: PlanStep, version: FirmwareStep): boolean {
  return step.action === "introduce" && isSameVersion(step, version);
}

const beginGraceMaxMs = 10 * 60_000;

function waveIsOver(state: RolloutState, tally: Tally, phase: Phase, nowMs: number): boolean {
  const wave = phase.waves[state.waveIndex];
  const { rulesVersion, stages } = state.config;
  const stage = wave && stages[wave.stageIndex];
  const lastedMs = nowMs - state.waveStartedAtMs;
  return (
    stage !== undefined &&
    state.pending.length === 0 &&
    state.waveSurveyed &&
    state.population !== null &&
    (lastedMs >= stage.bakeMs || state.bakeSkipped) &&
    gatesAreOpen(state, tally) &&
    // Who began with the wave is done or has failed by then; in a large fleet somebody else just began.
    (tally.updating === 0 || (rulesVersion > 1 && lastedMs >= updateDeadlineMs(state.config.gates))) &&
    (tally.toBegin === 0 || lastedMs >= beginGraceMs(state))
  );
}

/** How long a wave gives its devices to begin; who sleeps longer joins later and is not waited for. */
function beginGraceMs({ config }: RolloutState): number {
  return Math.min(updateDeadlineMs(config.gates), beginGraceMaxMs);
}
