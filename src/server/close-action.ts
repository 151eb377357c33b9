import type { DeviceEventKind } from "./control/control-api.ts";
import type { Fleet } from "./fleet.ts";
import type { ActionRecord } from "./stores/actions.ts";

/**
 * Ends an action for good and asks the device what it runs now: whatever it said, only that report is
 * the truth. An image that was only staged is not installed. Runs inside a commit.
 */
export function closeAction(
  fleet: Fleet,
  action: ActionRecord,
  state: "succeeded" | "failed" | "canceled",
  message: string,
): void {
  const closedAtMs = fleet.clock.now();
  fleet.actions.update({
    ...action,
    state,
    canceling: false,
    message: message || action.message,
    closedAtMs,
  });
  fleet.devices.askAgain(action.deviceId);
  const isStaged = state === "succeeded" && fleet.assignments.byRow(action.assignmentRow).staged;
  if (state === "succeeded" && !isStaged) fleet.devices.setInstalled(action.deviceId, action.id);
  recordEvent(fleet, action, isStaged ? "staged" : state, message);
}

/** Adds to the device's history. */
export function recordEvent(fleet: Fleet, action: ActionRecord, kind: DeviceEventKind, message = ""): void {
  const device = fleet.devices.byId(action.deviceId);
  if (!device) return;
  const assignmentId = fleet.assignments.byRow(action.assignmentRow).id;
  fleet.events.append(device.row, { atMs: fleet.clock.now(), kind, assignmentId, message });
}
