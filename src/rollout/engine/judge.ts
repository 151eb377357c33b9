import { assignmentIdOf, type Effect } from "./effects.ts";
import { type FirmwareStep, isSameVersion } from "./firmware-step.ts";
import type { PlanStep } from "../../planner/plan.ts";
import { gatesAreOpen, gatesInForce } from "./gates.ts";
import { kindOf, phasesOf, retirementsPassed } from "./release-kinds.ts";
import { stillAwaited } from "./retirement.ts";
import type { Phase } from "./schedule.ts";
import { hasEnded, type RolloutState } from "./state.ts";
import type { Tally } from "./tally.ts";
import { updateDeadlineMs } from "./track-device.ts";
import { withdraw } from "./withdraw.ts";

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

/** Whether the rollout moves by itself. */
export function mayGoOn({ status }: RolloutState): boolean {
  return status === "running" || status === "awaiting-approval";
}

/** Health is watched in every state that has not ended: a pause or a missing approval disarms nothing. */
export function watchHealth(state: RolloutState, tally: Tally, nowMs: number): RolloutState {
  if (hasEnded(state.status) || state.status === "rolling-back") return state;
  if (state.failure) return stop(state, nowMs);
  const failed = gatesInForce(state, tally).find((gate) => gate.verdict === "fail");
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
      if (approvalsMissing(next, phase) > 0) {
        return next.status === "awaiting-approval" ? next : { ...next, status: "awaiting-approval" };
      }
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
  return [...after, ...earlier]
    .filter((gone) => kindOf(config, gone.component) === "firmware")
    .filter((gone) => config.plan.steps.some((step) => introduces(step, gone)))
    .map((gone) => {
      const assignmentId = assignmentIdOf(config.rolloutId, gone, false);
      return { kind: "cancel", key: `cancel:${assignmentId}`, assignmentId };
    });
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
    lastedMs >= stage.bakeMs &&
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
