import { type Closed, closedBecause } from "./calendar.ts";
import { type ApprovalsView, viewApprovals } from "./describe-approvals.ts";
import {
  countDevices,
  type DeviceCounts,
  type DeviceGroup,
  failedDevices,
  waitingDevices,
} from "./describe-devices.ts";
import { type GateView, viewGates } from "./describe-gates.ts";
import { type PhaseView, viewPhases } from "./describe-phases.ts";
import { type StepView, viewSteps } from "./describe-steps.ts";
import { viewWaits, type WaitView } from "./describe-waits.ts";
import { describeWayBack, hasTurnedRound, type WayBackView } from "./describe-way-back.ts";
import { isStuck } from "./is-stuck.ts";
import { lastWave, phasesOf } from "./release-kinds.ts";
import { hasEnded, type RolloutState, type RolloutStatus, type Stragglers } from "./state.ts";
import { tallyOf } from "./tally.ts";

/** A rollout as people and `--json` see it; every number comes from journal records. */
export interface RolloutView {
  readonly rolloutId: string;
  readonly product: string;
  readonly release: string;
  readonly environment: string;
  readonly status: RolloutStatus;
  /** The stage and wave that it is in: `fleet 50%`; empty before the first and after the last. */
  readonly wave: string;
  /** The plan as a tree; its steps are in `steps`. */
  readonly phases: readonly PhaseView[];
  readonly steps: readonly StepView[];
  readonly gates: readonly GateView[];
  /** The wave that the gates stand behind: that which began last; empty before the first. */
  readonly gatesOf: string;
  /** What people said about the stage that it is in; null where nobody is asked. */
  readonly approvals: ApprovalsView | null;
  /** Why nothing new may begin now; null when it may, or the rollout has ended. */
  readonly closed: Closed | null;
  readonly devices: DeviceCounts;
  /** Devices that have to wait, by reason, most first. */
  readonly waiting: readonly DeviceGroup[];
  /** Devices that failed, on the way or on the way back, by reason, most first. */
  readonly failed: readonly DeviceGroup[];
  readonly population: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Who does not run the version of the release yet and could, by firmware component; nobody once it goes back. */
  readonly out: Readonly<Record<string, Stragglers>>;
  /** Everything that the rollout waits for now. */
  readonly waits: readonly WaitView[];
  /** The same in words; null when it works or has ended. */
  readonly waitsFor: string | null;
  /** True when nothing but people or more devices can move it on. */
  readonly stuck: boolean;
  readonly failure: RolloutState["failure"];
  /** What was to stop something and was refused for good, and why, by its key; it is tried again in every turn. */
  readonly refused: RolloutState["refused"];
  /** Who goes back and who cannot, by the plan of the way back; null until the planner was asked. */
  readonly wayBack: WayBackView | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
}

/** A rollout as it stands at a moment, which decides about windows and freezes alone. */
export function describeRollout(state: RolloutState, nowMs: number): RolloutView {
  const { config } = state;
  const wave = phasesOf(config)[state.phaseIndex]?.waves[state.waveIndex];
  const tally = tallyOf(state);
  const gates = viewGates(state, tally);
  const approvals = viewApprovals(state, wave?.stageIndex ?? -1);
  const closed = closedNow(state, nowMs, wave?.stageIndex ?? -1);
  const basis = { tally, gates, approvals, closed, nowMs };
  const waits = viewWaits(state, basis);
  return {
    rolloutId: config.rolloutId,
    product: config.resolved.product,
    release: config.resolved.version,
    environment: config.environment,
    status: state.status,
    wave: wave?.name ?? "",
    phases: viewPhases(state),
    steps: viewSteps(state),
    gates,
    gatesOf: lastWave(state)?.name ?? "",
    approvals,
    closed,
    devices: countDevices(state),
    waiting: waitingDevices(state),
    failed: failedDevices(state),
    population: state.population?.versions ?? {},
    out: hasTurnedRound(state) ? {} : (state.population?.out ?? {}),
    waits,
    waitsFor: waits.length === 0 ? null : waits.map(({ text }) => text).join("; "),
    stuck: isStuck(state, waits, basis),
    failure: state.failure,
    refused: state.refused,
    wayBack: state.wayBack && describeWayBack(state, state.wayBack),
    startedAtMs: state.startedAtMs,
    endedAtMs: state.endedAtMs,
  };
}

/** A wave offers its devices what they lack, and begins, within the windows of its own stage. */
function closedNow(state: RolloutState, nowMs: number, stageIndex: number): Closed | null {
  if (hasEnded(state.status) || state.status === "rolling-back") return null;
  return closedBecause(nowMs, state.config.stages[stageIndex]?.windows, state.freezes);
}
