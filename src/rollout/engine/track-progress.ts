import { admitDevice } from "../../compat/device-gate.ts";
import type { ComponentVersion, Relation } from "../../compat/relation.ts";
import type { Device, DeviceOutcome } from "../../fleet/fleet-backend.ts";
import { gateFacts, inWords, servicesInField } from "./device-facts.ts";
import { assignmentIdOf } from "./effects.ts";
import type { Snapshot } from "./snapshot.ts";
import type { DeviceProgress, RolloutState } from "./state.ts";
import { trackDevice } from "./track-device.ts";

export interface Look {
  readonly devices: ReadonlyMap<string, Device>;
  readonly snapshot: Snapshot;
  readonly relation: Relation;
  readonly nowMs: number;
}

/** The devices of a rollout whose progress changed, forwards or on the way back. Who is held is put into `waiting`. */
export function trackProgress(
  state: RolloutState,
  rollback: boolean,
  { devices, nowMs, relation, snapshot }: Look,
  waiting: Record<string, string>,
): Record<string, DeviceProgress> {
  const { config, returning } = state;
  const peers = servicesInField(state, relation);
  const outcomeOf = outcomesByDevice(snapshot);
  const changed: Record<string, DeviceProgress> = {};
  for (const [deviceId, progress] of Object.entries(rollback ? returning : state.devices)) {
    // A device on its way back is judged there; that it left the new version is what was asked of it.
    if (!rollback && Object.hasOwn(returning, deviceId)) continue;
    const outcome = outcomeOf(assignmentIdOf(config.rolloutId, progress, rollback), deviceId);
    // A way back that has failed stays so, unless the device arrives after all.
    if (rollback && progress.status === "failed" && outcome?.state !== "succeeded") continue;
    const device = devices.get(deviceId);
    const mayWait = device && !progress.staged && mayBeHeld(outcome);
    const held = mayWait ? whatHolds(device, peers, progress, relation) : null;
    const next = trackDevice(progress, outcome, device, config.gates, nowMs, held);
    if (held !== null && next.reason === held) waiting[deviceId] = held;
    if (JSON.stringify(next) !== JSON.stringify(progress)) changed[deviceId] = next;
  }
  return changed;
}

/**
 * The assignments that a rollout has open in one direction, or had last, whatever became of them. Where
 * one has not begun it may be taken back, so the one before is among them.
 */
export function assignmentsOf(state: RolloutState, rollback: boolean): string[] {
  const progresses = Object.values(rollback ? state.returning : state.devices).flatMap((progress) =>
    progress.earlier && progress.status === "assigned" ? [progress, progress.earlier] : [progress],
  );
  return [
    ...new Set(progresses.map((progress) => assignmentIdOf(state.config.rolloutId, progress, rollback))),
  ];
}

/** What an assignment came to on a device. */
export function outcomesByDevice({
  outcomes,
}: Snapshot): (assignmentId: string, deviceId: string) => DeviceOutcome | undefined {
  const known = new Map<string, Map<string, DeviceOutcome>>();
  for (const [assignmentId, each] of Object.entries(outcomes)) {
    known.set(assignmentId, new Map(each.map((outcome) => [outcome.deviceId, outcome])));
  }
  return (assignmentId, deviceId) => known.get(assignmentId)?.get(deviceId);
}

/** Before it has the image a device can still wait; later, and once it has ended, nothing holds it. */
function mayBeHeld(outcome: DeviceOutcome | undefined): boolean {
  return outcome === undefined || outcome.state === "retrieved" || outcome.state === "downloading";
}

/** Why a device that was let through its gate would not be let through now: what it meets has changed. */
function whatHolds(
  device: Device,
  peers: readonly ComponentVersion[],
  { component, version }: ComponentVersion,
  relation: Relation,
): string | null {
  const facts = { ...gateFacts(device), peers, busy: false };
  const target = { component, version };
  const { reasons } = admitDevice({ device: facts, target, relation, rollback: true });
  const clashes = reasons.filter(({ code }) => code === "incompatible");
  return clashes.length > 0 ? inWords(clashes) : null;
}
