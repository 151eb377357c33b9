import type { ByDevice } from "./books.ts";
import type { DeviceProgress } from "./state.ts";
import { takenBack } from "./track-device.ts";

/** What changes in the books when some devices lose their last assignment: who had gone through a step before stands there again. */
export function withoutLast(
  devices: ByDevice,
  gone: Iterable<string>,
): Record<string, DeviceProgress | null> {
  const changes: Record<string, DeviceProgress | null> = {};
  for (const deviceId of gone) {
    if (Object.hasOwn(devices, deviceId)) changes[deviceId] = devices[deviceId]?.earlier ?? null;
  }
  return changes;
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

/** Whether the way back of a device was taken back before it had begun with it, and is to begin anew. */
export function wasStopped({ reason, status }: DeviceProgress): boolean {
  return status === "failed" && reason === takenBack;
}

/** Which time a device that failed its last step is to be given it again; undefined when it is not. */
export function retryDue(
  retries: Readonly<Record<string, number>>,
  deviceId: string,
  { retry, status }: DeviceProgress,
): number | undefined {
  const asked = Object.hasOwn(retries, deviceId) ? (retries[deviceId] ?? 0) : 0;
  return status === "failed" && asked > (retry ?? 0) ? asked : undefined;
}
