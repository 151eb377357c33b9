import { meaningForCancel, meaningForDeployment } from "../ddi/feedback-meaning.ts";
import type { DdiFeedback } from "../ddi/wire.ts";
import { closeAction, recordEvent } from "./close-action.ts";
import type { Fleet } from "./fleet.ts";
import { Refusal } from "./refusal.ts";
import type { ActionRecord } from "./stores/actions.ts";

const messageLengthMax = 2000;

/** What a device says about a deployment. Throws a Refusal: 404 not its action, 410 closed already. Runs inside a commit. */
export function recordDeploymentFeedback(
  fleet: Fleet,
  deviceId: string,
  actionId: number,
  feedback: DdiFeedback,
): void {
  const message = messageOf(feedback);
  const known = actionOf(fleet, deviceId, actionId);
  const { staged } = fleet.assignments.byRow(known.assignmentRow);
  // Like hawkBit: a client may close what it had reported as downloaded, and must not be told off for it.
  if (staged && known.state === "succeeded" && feedback.status.execution === "closed") {
    recordEvent(fleet, known, "feedback", message);
    return;
  }
  const action = openOnly(known);
  const meaning = meaningForDeployment(feedback, staged);
  if (meaning.kind === "closed") {
    closeAction(fleet, action, meaning.state, message);
    return;
  }
  const seen = action.state === "pending" ? "retrieved" : action.state;
  fleet.actions.update({ ...action, state: meaning.state ?? seen, message: message || action.message });
  recordEvent(fleet, action, "feedback", message || feedback.status.execution);
}

/**
 * What a device answers when it is asked to cancel. An answer, either way, ends the asking at once:
 * Zephyr asks again within the same run for as long as it sees the request. Throws as above.
 */
export function recordCancelFeedback(
  fleet: Fleet,
  deviceId: string,
  actionId: number,
  feedback: DdiFeedback,
): void {
  const action = openOnly(actionOf(fleet, deviceId, actionId));
  if (!action.canceling) throw new Refusal(404, "not-canceling", "This action is not being canceled.");
  const message = messageOf(feedback);
  switch (meaningForCancel(feedback)) {
    case "agreed":
      closeAction(fleet, action, "canceled", message);
      return;
    case "refused":
      fleet.actions.update({ ...action, canceling: false, message: message || action.message });
      recordEvent(fleet, action, "cancel-refused", message);
      return;
    case "undecided":
      recordEvent(fleet, action, "feedback", message || feedback.status.execution);
  }
}

function actionOf(fleet: Fleet, deviceId: string, actionId: number): ActionRecord {
  const action = fleet.actions.byId(actionId);
  if (action?.deviceId !== deviceId) throw new Refusal(404, "not-found", "This device has no such action.");
  return action;
}

function openOnly(action: ActionRecord): ActionRecord {
  if (action.closedAtMs !== null)
    throw new Refusal(410, "action-closed", `The action is closed: ${action.state}.`);
  return action;
}

function messageOf({ status }: DdiFeedback): string {
  return (status.details ?? []).join("\n").trim().slice(0, messageLengthMax);
}
