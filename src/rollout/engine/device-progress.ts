import type { DeviceProgress } from "./state.ts";
import { takenBack } from "./track-device.ts";

type ByDevice = Readonly<Record<string, DeviceProgress>>;

/** The books without the last assignment of some devices: who had gone through a step before stands there again. */
export function takeBack(devices: ByDevice, gone: ReadonlySet<string>): ByDevice {
  if (gone.size === 0) return devices;
  return Object.fromEntries(
    Object.entries(devices).flatMap(([deviceId, progress]) => {
      if (!gone.has(deviceId)) return [[deviceId, progress]];
      return progress.earlier ? [[deviceId, progress.earlier]] : [];
    }),
  );
}

/** The last step of a device that changed what it runs, or may yet do so; null when there was none. */
export function lastUpdate(progress: DeviceProgress): DeviceProgress | null {
  const { earlier, staged, status } = progress;
  if (earlier && (staged || status === "assigned")) return lastUpdate(earlier);
  return staged ? null : progress;
}

/** Whether a device is done with its last step as well as it can be, so that another may follow. */
export function isOver(progress: DeviceProgress): boolean {
  const { staged, status } = progress;
  // Where the image could not be laid ready, it can still be installed at once.
  if (status === "failed") return staged === true;
  return status === "updated" || wasTakenBack(progress);
}

/** Whether a device was told to leave its last step before it had begun with it. */
export function wasTakenBack({ reason, status }: DeviceProgress): boolean {
  return status === "assigned" && reason === takenBack;
}
