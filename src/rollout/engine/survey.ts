import { type Admission, admitDevice, type GateRequest } from "../../compat/device-gate.ts";
import type { ComponentVersion, Relation } from "../../compat/relation.ts";
import { formatDuration } from "../../base/durations.ts";
import type { Device, DeviceOutcome } from "../../fleet/fleet-backend.ts";
import type { Wave } from "../../manifest/release.ts";
import { cohortOf } from "./cohort-members.ts";
import { cohortSalt } from "./cohort.ts";
import { assignmentIdOf } from "./effects.ts";
import type { Observed } from "./events.ts";
import { populationOf } from "./population.ts";
import { hardwareOf, introductionsBegun, kindOf, phasesOf } from "./release-kinds.ts";
import type { Snapshot } from "./snapshot.ts";
import { stillLooks, type DeviceProgress, type RolloutState } from "./state.ts";
import { silenceDeadlineMs, trackDevice } from "./track-device.ts";

/**
 * Reduces a look at the field to what the rollout has to know: whose progress changed, which devices
 * may be next, who has to wait and why. Pure: what it is given is all it knows.
 */
export function survey(state: RolloutState, snapshot: Snapshot, relation: Relation, nowMs: number): Observed {
  const devices = new Map(snapshot.devices.map((device) => [device.id, device]));
  const waiting: Record<string, string> = {};
  const unreached = devicesUnreached(state, snapshot);
  const isReached = ([deviceId]: [string, DeviceProgress]): boolean => !unreached.has(deviceId);
  const onTheWayBack = Object.fromEntries(Object.entries(state.returning).filter(isReached));
  const tracked = { ...state, returning: onTheWayBack };
  const look = { devices, snapshot, relation, nowMs };
  const progress = changes(tracked, state.devices, false, look, waiting);
  const returning = changes(tracked, onTheWayBack, true, look, waiting);
  const goesBack = state.status === "rolling-back";
  const known = Object.entries({ ...state.devices, ...progress });
  const population = populationOf(state.config, snapshot, nowMs);
  const current: RolloutState = {
    ...state,
    population,
    devices: Object.fromEntries(goesBack ? known : known.filter(isReached)),
    returning: { ...onTheWayBack, ...returning },
  };
  const admissible =
    goesBack || !stillLooks(state.status) ? [] : findAdmissible(current, snapshot.devices, relation, waiting);
  const returnable = goesBack ? findReturnable(current, devices, relation, waiting, nowMs) : [];
  const asked = new Set([...admissible, ...returnable].map(({ deviceId }) => deviceId));
  return {
    type: "observed",
    admissible,
    lapsed: [...unreached].filter((deviceId) => !asked.has(deviceId)),
    progress,
    returning,
    waiting: sameJson(waiting, state.waiting) ? null : waiting,
    population: sameJson(population, state.population) ? null : population,
    kept: Object.entries(returning).flatMap(([deviceId, { reason, status }]) =>
      status === "assigned" && reason !== "" && waiting[deviceId] === reason ? [deviceId] : [],
    ),
    returnable,
  };
}

/** Devices of assignments that are not confirmed and that the backend does not know of. */
function devicesUnreached(state: RolloutState, { outcomes }: Snapshot): Set<string> {
  const unreached = new Set<string>();
  for (const effect of state.pending) {
    if (effect.kind !== "assign") continue;
    for (const deviceId of effect.deviceIds) unreached.add(deviceId);
    for (const { deviceId } of outcomes[effect.assignmentId] ?? []) unreached.delete(deviceId);
  }
  return unreached;
}

interface Look {
  readonly devices: ReadonlyMap<string, Device>;
  readonly snapshot: Snapshot;
  readonly relation: Relation;
  readonly nowMs: number;
}

function changes(
  state: RolloutState,
  known: Readonly<Record<string, DeviceProgress>>,
  rollback: boolean,
  { devices, nowMs, relation, snapshot }: Look,
  waiting: Record<string, string>,
): Record<string, DeviceProgress> {
  const peers = servicesInField(state);
  const outcomes = new Map<string, DeviceOutcome>();
  const changed: Record<string, DeviceProgress> = {};
  for (const assignmentId of assignmentsOf(state, rollback)) {
    for (const outcome of snapshot.outcomes[assignmentId] ?? []) outcomes.set(outcome.deviceId, outcome);
  }
  for (const [deviceId, progress] of Object.entries(known)) {
    // A device on its way back is judged there; that it left the new version is what was asked of it.
    if (!rollback && Object.hasOwn(state.returning, deviceId)) continue;
    const outcome = outcomes.get(deviceId);
    // A way back that has failed stays so, unless the device arrives after all.
    if (rollback && progress.status === "failed" && outcome?.state !== "succeeded") continue;
    const target = rollback ? (state.devices[deviceId]?.from ?? "") : versionOf(state, progress.component);
    const device = devices.get(deviceId);
    const held =
      device && mayBeHeld(outcome)
        ? whatHolds(device, peers, { component: progress.component, version: target }, relation)
        : null;
    const next = trackDevice(progress, target, outcome, device, state.config.gates, nowMs, held);
    if (held !== null && next.reason === held) waiting[deviceId] = held;
    if (!sameJson(next, progress)) changed[deviceId] = next;
  }
  return changed;
}

/** Before it has the image a device can still wait; later, and once it has ended, nothing holds it. */
function mayBeHeld(outcome: DeviceOutcome | undefined): boolean {
  return outcome === undefined || outcome.state === "retrieved" || outcome.state === "downloading";
}

/** Why a device that was let through its gate would not be let through now: what it meets has changed. */
function whatHolds(
  device: Device,
  peers: readonly ComponentVersion[],
  target: ComponentVersion,
  relation: Relation,
): string | null {
  const facts = { ...gateFacts(device), peers, busy: false };
  const { reasons } = admitDevice({ device: facts, target, relation, rollback: true });
  const clashes = reasons.filter(({ code }) => code === "incompatible");
  return clashes.length > 0 ? inWords(clashes) : null;
}

/** What the gate asks of a device, but for whom it meets. */
function gateFacts(device: Device): Omit<GateRequest["device"], "peers"> {
  const { activeAssignmentId, hardware, pairedApps, reportedVersion } = device;
  return { hardware, installed: reportedVersion, pairedApps, busy: activeAssignmentId !== null };
}

function inWords(reasons: Admission["reasons"]): string {
  return reasons.map(({ message }) => message).join("; ");
}

/** The assignments that a rollout has made in one direction, whatever became of them. */
export function assignmentsOf(state: RolloutState, rollback: boolean): string[] {
  const { rolloutId } = state.config;
  const ids = Object.entries(rollback ? state.returning : state.devices).map(([deviceId, { component }]) =>
    assignmentIdOf(
      rolloutId,
      component,
      rollback ? (state.devices[deviceId]?.from ?? "") : versionOf(state, component),
      rollback,
    ),
  );
  return [...new Set(ids)];
}

function findAdmissible(
  state: RolloutState,
  devices: readonly Device[],
  relation: Relation,
  waiting: Record<string, string>,
): Observed["admissible"] {
  const found: Observed["admissible"][number][] = [];
  const taken = new Set(Object.keys(state.devices));
  const peers = servicesInField(state);
  for (const { component, waves } of firmwareUnderWay(state)) {
    const version = versionOf(state, component);
    const hardware = new Set(hardwareOf(state.config, component));
    const candidates = devices.filter(
      ({ hardware: model, id, reportedVersion }) =>
        hardware.has(model) && reportedVersion !== version && !taken.has(id),
    );
    const admits = (device: Device): boolean => {
      const facts = { ...gateFacts(device), peers };
      const { admitted, reasons } = admitDevice({
        device: facts,
        target: { component, version },
        relation,
        rollback: false,
      });
      if (!admitted) waiting[device.id] = inWords(reasons);
      return admitted;
    };
    const salt = cohortSalt(state.config.resolved);
    const places = Object.values(state.devices).filter((device) => device.component === component).length;
    for (const device of cohortOf(candidates, waves, places, salt, admits)) {
      taken.add(device.id);
      found.push({ deviceId: device.id, component, from: device.reportedVersion ?? "" });
    }
  }
  return found;
}

/** Firmware that has been introduced, with every wave it has gone through: nobody who was in falls out. */
function firmwareUnderWay(state: RolloutState): { component: string; waves: Wave[] }[] {
  const { config } = state;
  return phasesOf(config)
    .slice(0, state.phaseIndex + 1)
    .flatMap((phase, phaseIndex) => {
      const ahead = phaseIndex < state.phaseIndex;
      const entered = ahead ? phase.waves.length : state.waveIndex + (state.waveEntered ? 1 : 0);
      const waves = phase.waves
        .slice(0, entered)
        .flatMap((wave) => config.stages[wave.stageIndex]?.waves[wave.waveIndex] ?? []);
      return phase.introductions
        .filter((step) => kindOf(config, step.component) === "firmware")
        .map(({ component }) => ({ component, waves }));
    });
}

/** The service versions that a device may meet now: until a deployment is confirmed, the old and the new. */
function servicesInField(state: RolloutState): ComponentVersion[] {
  const { config, deployed } = state;
  const begun = introductionsBegun(state);
  return Object.entries(config.resolved.components)
    .filter(([, { kind }]) => kind === "service")
    .flatMap(([component]) => {
      const version = deployed[component];
      const underWay = begun.filter((step) => step.component === component).map((step) => step.version);
      const live = version === undefined ? [...(config.plan.field[component] ?? []), ...underWay] : [version];
      return [...new Set(live)].map((each) => ({ component, version: each }));
    });
}

/**
 * The apps that a device on its way back may meet. Forwards the plan answers for apps that are not
 * paired with the device; nobody planned the way back.
 */
function appsToMeet(
  { config, exposed, population }: RolloutState,
  device: Device,
): readonly ComponentVersion[] {
  if (config.pairing === "observed") return device.pairedApps;
  const inField = Object.entries(config.resolved.components)
    .filter(([, { kind }]) => kind === "app")
    .flatMap(([component, { version }]) => {
      const versions = Object.keys(population?.versions[component] ?? {});
      if (Object.hasOwn(exposed, component)) versions.push(version);
      return versions.map((each) => ({ component, version: each }));
    });
  return [...device.pairedApps, ...inField];
}

function findReturnable(
  state: RolloutState,
  devices: ReadonlyMap<string, Device>,
  relation: Relation,
  waiting: Record<string, string>,
  nowMs: number,
): Observed["returnable"] {
  const found: Observed["returnable"][number][] = [];
  const peers = servicesInField(state);
  for (const [deviceId, { component, from, status }] of Object.entries(state.devices)) {
    const device = devices.get(deviceId);
    const back = Object.hasOwn(state.returning, deviceId) ? state.returning[deviceId] : undefined;
    if (back && back.status !== "assigned") continue;
    // Some say that they failed and run the new version all the same.
    const isNew = status === "failed" && device?.reportedVersion === versionOf(state, component);
    if (!back && status !== "updated" && !isNew) continue;
    if (!device) waiting[deviceId] = "the fleet does not list it any more";
    else if (back) waitForSleeper(device, silenceDeadlineMs(state.config.gates), nowMs, waiting);
    if (!device || back) continue;
    const facts = { ...gateFacts(device), pairedApps: appsToMeet(state, device), peers };
    const { admitted, reasons } = admitDevice({
      device: facts,
      target: { component, version: from },
      relation,
      rollback: true,
    });
    if (admitted) found.push({ deviceId, component, to: from });
    else waiting[deviceId] = inWords(reasons);
  }
  return found;
}

/** A device that does not wake up does not keep the way back open: it has its assignment and goes when it wakes. */
function waitForSleeper(
  { id, lastContactAtMs }: Device,
  deadlineMs: number,
  nowMs: number,
  waiting: Record<string, string>,
): void {
  if (lastContactAtMs !== null && nowMs - lastContactAtMs <= deadlineMs) return;
  waiting[id] = `not heard of for ${formatDuration(deadlineMs)}; it goes back when it wakes`;
}

function versionOf({ config }: RolloutState, component: string): string {
  return config.resolved.components[component]?.version ?? "";
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
