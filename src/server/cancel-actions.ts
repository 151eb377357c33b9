import type { CancelResult } from "../fleet/fleet-backend.ts";
import { closeAction, recordEvent } from "./close-action.ts";
import type { Fleet } from "./fleet.ts";
import type { ActionRecord } from "./stores/actions.ts";

/**
 * Takes actions back: closed at once where the device has not seen them, else the device is asked
 * and decides. Closed ones stay as they are. Runs inside a commit.
 */
export function cancelActions(fleet: Fleet, actions: readonly ActionRecord[]): CancelResult {
  const canceled: string[] = [];
  const requested: string[] = [];
  for (const action of actions) {
    if (action.closedAtMs !== null) continue;
    if (action.state === "pending") {
      closeAction(fleet, action, "canceled", "canceled before the device fetched it");
      canceled.push(action.deviceId);
    } else {
      if (!action.canceling) {
        fleet.actions.update({ ...action, canceling: true });
        recordEvent(fleet, action, "cancel-requested");
      }
      requested.push(action.deviceId);
    }
  }
  return { canceled, requested };
}
