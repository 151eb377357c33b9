import { formatInstant } from "../../base/format-instant.ts";
import type { Closed } from "./calendar.ts";
import { type ApprovalsView, viewApprovals } from "./describe-approvals.ts";
import { countDevices, type DeviceCounts } from "./describe-devices.ts";
import { type GateView, gateNumbers } from "./describe-gates.ts";
import { bakesUntil } from "./describe-phases.ts";
import { type FirmwareStep, stepName } from "./firmware-step.ts";
import { phasesOf } from "./release-kinds.ts";
import { retirementsMissing, stagingMissing } from "./retirement.ts";
import type { Phase } from "./schedule.ts";
import { hasEnded, type RolloutState } from "./state.ts";
import type { Tally } from "./tally.ts";

/** One thing that a rollout waits for. */
export interface WaitView {
  readonly kind:
    | "approval"
    | "bake"
    | "denial"
    | "devices"
    | "freeze"
    | "gate"
    | "pause"
    | "retirement"
    | "staging"
    | "way-back"
    | "window";
  /** Completes "waits for …". */
  readonly text: string;
  /** When it is over by itself, where that is known. */
  readonly untilMs: number | null;
}

/** What else the waits of a rollout are told by. */
export interface WaitBasis {
  readonly tally: Tally;
  readonly gates: readonly GateView[];
  /** Of the stage of the current wave. */
  readonly approvals: ApprovalsView | null;
  readonly closed: Closed | null;
  readonly nowMs: number;
}

/** Everything that a rollout waits for now, what comes first by itself or by people first; nothing when it works or has ended. */
export function viewWaits(state: RolloutState, basis: WaitBasis): WaitView[] {
  if (state.status === "rolling-back") return [wait("way-back", wayBackWords(countDevices(state)))];
  const phase = phasesOf(state.config)[state.phaseIndex];
  if (!phase || hasEnded(state.status)) return [];
  if (state.status === "paused") return [wait("pause", "somebody to resume it")];
  const gates = gatesAwaited(openGates(basis.gates));
  const wave = phase.waves[state.waveIndex];
  if (state.waveEntered) {
    const stage = state.config.stages[wave?.stageIndex ?? -1];
    const untilMs = bakesUntil(state, stage?.bakeMs ?? 0);
    const bakes = untilMs !== null && basis.nowMs < untilMs;
    return [
      ...gates,
      ...(bakes ? [wait("bake", `its bake time until ${formatInstant(untilMs)}`, untilMs)] : []),
      ...devicesUnderWay(basis.tally),
      ...denialAhead(state, phase),
      ...closedWaits(basis.closed),
    ];
  }
  return [
    ...gates,
    ...versionsAwaited(state, phase),
    ...peopleAwaited(basis.approvals),
    ...closedWaits(basis.closed),
  ];
}

/** Gates that say the same, such as that nobody answers, say it once. */
function gatesAwaited(gates: readonly GateView[]): WaitView[] {
  return [...Map.groupBy(gates, gateNumbers)].map(([numbers, alike]) => {
    const names = [...new Set(alike.map(({ name }) => name))];
    return wait("gate", `gate${names.length === 1 ? "" : "s"} ${names.join(", ")}: ${numbers}`);
  });
}

/** Somebody may have said no to the next stage while this one is still under way. */
function denialAhead(state: RolloutState, { waves }: Phase): WaitView[] {
  const here = waves[state.waveIndex]?.stageIndex;
  const next = waves[state.waveIndex + 1]?.stageIndex;
  if (next === undefined || next === here) return [];
  return denials(viewApprovals(state, next));
}

function wayBackWords({ returned, toReturn }: DeviceCounts): string {
  return toReturn === 0 ? "devices to go back" : `devices to go back, ${returned} of ${toReturn} are back`;
}

function wait(kind: WaitView["kind"], text: string, untilMs: number | null = null): WaitView {
  return { kind, text, untilMs };
}

/** Gates that the next wave waits for. */
export function openGates(gates: readonly GateView[]): GateView[] {
  return gates.filter(({ dryRun, verdict }) => verdict === "inconclusive" && !dryRun);
}

function devicesUnderWay({ toBegin, updating }: Tally): WaitView[] {
  const devices = (count: number): string => `${count} device${count === 1 ? "" : "s"}`;
  return [
    ...(updating > 0 ? [wait("devices", `${devices(updating)} to finish`)] : []),
    ...(toBegin > 0 ? [wait("devices", `${devices(toBegin)} to begin`)] : []),
  ];
}

function peopleAwaited(approvals: ApprovalsView | null): WaitView[] {
  if (!approvals) return [];
  const { missing, stage } = approvals;
  return [
    ...denials(approvals),
    ...(missing > 0
      ? [wait("approval", `${missing} approval${missing === 1 ? "" : "s"} of stage ${stage}`)]
      : []),
  ];
}

function denials(approvals: ApprovalsView | null): WaitView[] {
  return (approvals?.denied ?? []).map(({ by, reason, stage }) =>
    wait("denial", `${by}, who denied stage ${stage}${reason === "" ? "" : ` (${reason})`}`),
  );
}

function closedWaits(closed: Closed | null): WaitView[] {
  if (!closed) return [];
  const { kind, opensAtMs, why } = closed;
  const until = opensAtMs === null ? "" : `, until ${formatInstant(opensAtMs)}`;
  const text = kind === "freeze" ? `the end of the ${why}${until}` : `its window: ${why}${until}`;
  return [wait(kind, text, opensAtMs)];
}

function versionsAwaited(state: RolloutState, phase: Phase): WaitView[] {
  return [
    ...retirementsMissing(state, phase).map(({ component, version }) => {
      const left = whoIsLeft(state, { component, version });
      return wait("retirement", `${component}@${version} to leave the field (${left})`);
    }),
    ...stagingMissing(state, phase).map((step) => {
      const count = state.population?.staging?.[stepName(step)];
      const without = count ? `${count.without} of ${count.devices} devices` : "every device";
      return wait("staging", `${without} to have ${step.component}@${step.version} ready`);
    }),
  ];
}

function whoIsLeft({ population }: RolloutState, { component, version }: FirmwareStep): string {
  const counts = population?.versions[component] ?? {};
  const unknown = population?.unknown?.[component] ?? 0;
  if (unknown > 0) return `${counts[version] ?? 0} left, ${unknown} do not say what they run`;
  return Object.keys(counts).length === 0 ? "not known who uses it" : `${counts[version] ?? 0} left`;
}
