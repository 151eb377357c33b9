import { lastUpdate } from "./device-progress.ts";
import { hasTurnedRound, isOpenTo } from "./describe-way-back.ts";
import type { RolloutState } from "./state.ts";

export interface DeviceCounts {
  readonly assigned: number;
  readonly updating: number;
  /** Run what they were given, and did not go back from it. */
  readonly updated: number;
  /** Keep an image ready that they do not run yet. */
  readonly staged: number;
  readonly failed: number;
  readonly waiting: number;
  /** Are back on what they ran before. */
  readonly returned: number;
  /** Of so many that are to go back, those that could not among them; none unless the rollout turned round. */
  readonly toReturn: number;
}

/** Devices of which the same is true. */
export interface DeviceGroup {
  readonly reason: string;
  readonly devices: readonly string[];
}

export function countDevices(state: RolloutState): DeviceCounts {
  const all = Object.values(state.devices);
  const backs = Object.values(state.returning);
  const returned = backs.filter((device) => device.status === "updated").length;
  const updated = Object.entries(state.devices).filter(
    ([deviceId, { staged, status }]) => status === "updated" && !staged && !isBack(state, deviceId),
  );
  const count = (status: string): number => all.filter((device) => device.status === status).length;
  return {
    assigned: count("assigned"),
    updating: count("updating"),
    updated: updated.length,
    staged: all.filter(({ staged, status }) => status === "updated" && staged).length,
    failed: count("failed"),
    waiting: Object.keys(state.waiting).length,
    returned,
    toReturn: backs.length + (hasTurnedRound(state) ? notSentBack(state) : 0),
  };
}

function isBack({ returning }: RolloutState, deviceId: string): boolean {
  return Object.hasOwn(returning, deviceId) && returning[deviceId]?.status === "updated";
}

/** Devices that may go back and have not been sent yet. */
function notSentBack({ config, devices, returning, wayBack }: RolloutState): number {
  return Object.entries(devices).filter(([deviceId, progress]) => {
    const last = lastUpdate(progress);
    if (last?.status !== "updated" || Object.hasOwn(returning, deviceId)) return false;
    // By the rules before, each device was asked by itself.
    return config.rulesVersion < 3 || (wayBack !== null && isOpenTo(wayBack, last));
  }).length;
}

/** Devices that have to wait, by reason, most first. */
export function waitingDevices({ waiting }: RolloutState): DeviceGroup[] {
  return byReason(Object.entries(waiting));
}

/** Devices that failed, on the way or on the way back, by reason, most first. */
export function failedDevices({ devices, returning }: RolloutState): DeviceGroup[] {
  return byReason(
    [...Object.entries(devices), ...Object.entries(returning)]
      .filter(([, device]) => device.status === "failed")
      .map(([deviceId, device]) => [deviceId, device.reason]),
  );
}

function byReason(entries: readonly (readonly [string, string])[]): DeviceGroup[] {
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
