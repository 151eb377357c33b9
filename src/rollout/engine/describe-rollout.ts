import { type GateStatus, gatesInForce, judgeGates } from "./gates.ts";
import { devicesNeededToPass } from "./sequential-test.ts";
import { approvalsMissing } from "./approvals.ts";
import { kindOf, phasesOf } from "./release-kinds.ts";
import { type FirmwareStep, stepName } from "./firmware-step.ts";
import { retirementsMissing, stagingMissing } from "./retirement.ts";
import { hasEnded, type RolloutState, type RolloutStatus } from "./state.ts";
import { type Tally, tallyOf } from "./tally.ts";

/** A rollout as people and `--json` see it; every number comes from journal records. */
export interface RolloutView {
  readonly rolloutId: string;
  readonly product: string;
  readonly release: string;
  readonly environment: string;
  readonly status: RolloutStatus;
  /** The stage and wave that it is in: `fleet 50%`; empty before the first and after the last. */
  readonly wave: string;
  readonly steps: readonly StepView[];
  readonly gates: readonly GateView[];
  readonly devices: DeviceCounts;
  /** Devices that have to wait, by reason, most first. */
  readonly waiting: readonly { readonly reason: string; readonly devices: readonly string[] }[];
  /** Devices that failed, on the way or on the way back, by reason, most first. */
  readonly failed: readonly { readonly reason: string; readonly devices: readonly string[] }[];
  readonly population: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What the rollout waits for now, in words; null when it works or has ended. */
  readonly waitsFor: string | null;
  /** True when nothing but people or more devices can move it on. */
  readonly stuck: boolean;
  readonly failure: RolloutState["failure"];
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
}

export interface GateView extends GateStatus {
  /** How many good devices it takes to pass when none fails. */
  readonly devicesNeeded: number;
}

export interface StepView {
  readonly id: string;
  readonly action: "introduce" | "retire";
  readonly component: string;
  readonly version: string;
  /** Devices only keep the version ready. */
  readonly staged?: true;
  readonly state: "done" | "under way" | "next" | "left to time";
  /** Share that has it: of users that may install an app, of devices that run a firmware; null when it says nothing. */
  readonly percent: number | null;
}

export interface DeviceCounts {
  readonly assigned: number;
  readonly updating: number;
  readonly updated: number;
  /** Keep an image ready that they do not run yet. */
  readonly staged: number;
  readonly failed: number;
  readonly waiting: number;
  readonly returned: number;
}

export function describeRollout(state: RolloutState): RolloutView {
  const { config } = state;
  const phase = phasesOf(config)[state.phaseIndex];
  const isOver = hasEnded(state.status) || state.status === "rolling-back";
  const tally = tallyOf(state);
  const judged = isOver ? gatesInForce(state, tally) : judgeGates(state, tally);
  const gates = judged.map((gate) => viewGate(gate, state));
  const waitsFor = whatItWaitsFor(state, tally, gates);
  return {
    rolloutId: config.rolloutId,
    product: config.resolved.product,
    release: config.resolved.version,
    environment: config.environment,
    status: state.status,
    wave: phase?.waves[state.waveIndex]?.name ?? "",
    steps: viewSteps(state),
    gates,
    devices: countDevices(state),
    waiting: byReason(Object.entries(state.waiting)),
    failed: byReason(
      [...Object.entries(state.devices), ...Object.entries(state.returning)]
        .filter(([, device]) => device.status === "failed")
        .map(([deviceId, device]) => [deviceId, device.reason]),
    ),
    population: state.population?.versions ?? {},
    waitsFor: waitsFor?.text ?? null,
    stuck: waitsFor?.stuck ?? false,
    failure: state.failure,
    startedAtMs: state.startedAtMs,
    endedAtMs: state.endedAtMs,
  };
}

function viewGate(status: GateStatus, { config }: RolloutState): GateView {
  const gate = config.gates[status.name];
  const devicesNeeded = gate ? devicesNeededToPass(gate.limitPercent / 100, gate.alpha) : Infinity;
  return { ...status, devicesNeeded };
}

function countDevices(state: RolloutState): DeviceCounts {
  const all = Object.values(state.devices);
  const count = (status: string): number => all.filter((device) => device.status === status).length;
  return {
    assigned: count("assigned"),
    updating: count("updating"),
    updated: all.filter(({ staged, status }) => status === "updated" && !staged).length,
    staged: all.filter(({ staged, status }) => status === "updated" && staged).length,
    failed: count("failed"),
    waiting: Object.keys(state.waiting).length,
    returned: Object.values(state.returning).filter((device) => device.status === "updated").length,
  };
}

function whatItWaitsFor(
  state: RolloutState,
  { toBegin }: Tally,
  gates: readonly GateView[],
): { text: string; stuck: boolean } | null {
  const phase = phasesOf(state.config)[state.phaseIndex];
  if (state.status === "rolling-back") return { text: "devices to go back", stuck: false };
  if (!phase || hasEnded(state.status)) return null;
  const name = phase.waves[state.waveIndex]?.name ?? "";
  if (state.status === "paused") return { text: "somebody to resume it", stuck: true };
  if (state.status === "awaiting-approval") {
    const missing = approvalsMissing(state, phase);
    return { text: `${missing} approval${missing === 1 ? "" : "s"} of stage ${name}`, stuck: true };
  }
  const open = gates.filter(({ verdict }) => verdict === "inconclusive");
  if (!state.waveEntered && open.length === 0) {
    const left = [
      ...retirementsMissing(state, phase).map(({ component, version }) => {
        return `${component}@${version} to leave the field (${whoIsLeft(state, { component, version })})`;
      }),
      ...stagingMissing(state, phase).map((step) => {
        const count = state.population?.staging?.[stepName(step)];
        const without = count ? `${count.without} of ${count.devices} devices` : "every device";
        return `${without} to have ${step.component}@${step.version} ready`;
      }),
    ];
    return left.length > 0 ? { text: left.join(" and "), stuck: false } : null;
  }
  const working =
    open.some(({ undecided }) => undecided > 0) ||
    Object.values(state.devices).some(({ status }) => status === "updating" || status === "assigned");
  if (open.length === 0)
    return toBegin === 0
      ? null
      : { text: `${toBegin} device${toBegin === 1 ? "" : "s"} to begin`, stuck: false };
  const text = open.map((gate) => `gate ${gate.name}: ${gateNumbers(gate)}`).join("; ");
  return { text, stuck: !working && Object.keys(state.waiting).length === 0 };
}

function whoIsLeft({ population }: RolloutState, { component, version }: FirmwareStep): string {
  const counts = population?.versions[component] ?? {};
  const unknown = population?.unknown?.[component] ?? 0;
  if (unknown > 0) return `${counts[version] ?? 0} left, ${unknown} do not say what they run`;
  return Object.keys(counts).length === 0 ? "not known who uses it" : `${counts[version] ?? 0} left`;
}

/** `7 of 7 devices good, 2 not heard of yet, 10 needed when none fails` */
export function gateNumbers({ devices, devicesNeeded, failures, undecided }: GateView): string {
  const open = undecided > 0 ? `, ${undecided} not heard of yet` : "";
  const need = failures === 0 && devices < devicesNeeded ? `, ${devicesNeeded} needed when none fails` : "";
  return `${devices - failures} of ${devices} devices good${open}${need}`;
}

function viewSteps(state: RolloutState): StepView[] {
  const phases = phasesOf(state.config);
  const phaseOf = new Map<string, number>();
  for (const [index, phase] of phases.entries()) {
    for (const step of phase.after) phaseOf.set(step.id, index - 0.5);
    for (const step of phase.introductions) phaseOf.set(step.id, index);
  }
  const here = state.waveIndex === 0 && !state.waveEntered ? state.phaseIndex - 0.5 : state.phaseIndex;
  return state.config.plan.steps.map((step) => {
    const phase = phaseOf.get(step.id);
    const progress =
      phase === undefined ? "left to time" : phase < here ? "done" : phase === here ? "under way" : "next";
    return {
      id: step.id,
      action: step.action,
      component: step.component,
      version: step.version,
      ...(step.staged && { staged: true }),
      state:
        step.action === "retire" && progress === "left to time" && isGone(state, step) ? "done" : progress,
      percent: step.action === "introduce" ? shareOf(state, step) : null,
    };
  });
}

function isGone(state: RolloutState, step: { component: string; version: string }): boolean {
  if (kindOf(state.config, step.component) === "service") {
    return step.component in state.deployed && state.deployed[step.component] !== step.version;
  }
  const { unknown, versions } = state.population ?? {};
  const counts = versions?.[step.component] ?? {};
  return (
    Object.keys(counts).length > 0 && !(step.version in counts) && (unknown?.[step.component] ?? 0) === 0
  );
}

function shareOf(state: RolloutState, step: FirmwareStep): number | null {
  const { component, staged, version } = step;
  if (kindOf(state.config, component) === "service") return state.deployed[component] === version ? 100 : 0;
  if (staged) {
    const count = state.population?.staging?.[stepName(step)];
    return count && count.devices > 0 ? (1 - count.without / count.devices) * 100 : null;
  }
  const counts = state.population?.versions[component];
  if (!counts) return null;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return total === 0 ? null : ((counts[version] ?? 0) / total) * 100;
}

function byReason(entries: readonly (readonly [string, string])[]): { reason: string; devices: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const [deviceId, reason] of entries) {
    const devices = groups.get(reason) ?? [];
    devices.push(deviceId);
    groups.set(reason, devices);
  }
  return [...groups]
    .map(([reason, devices]) => ({ reason, devices: devices.toSorted() }))
    .toSorted((a, b) => b.devices.length - a.devices.length || (a.reason < b.reason ? -1 : 1));
}
