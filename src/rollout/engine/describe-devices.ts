import type { RolloutState } from "./state.ts";

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

/** Devices of which the same is true. */
export interface DeviceGroup {
  readonly reason: string;
  readonly devices: readonly string[];
}

export function countDevices(state: RolloutState): DeviceCounts {
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
