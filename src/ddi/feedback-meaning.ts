import type { DeliveryState } from "../fleet/fleet-backend.ts";
import type { DdiFeedback } from "./wire.ts";

/** What a report about a deployment says: it has ended, it is in another state, or neither. */
export type DeploymentMeaning =
  | { readonly kind: "closed"; readonly state: Extract<DeliveryState, "succeeded" | "failed" | "canceled"> }
  | { readonly kind: "open"; readonly state: Extract<DeliveryState, "downloading" | "installing"> | null };

/**
 * hawkBit's reading of deploymentBase feedback, with one difference: SWUpdate closes an update it
 * was told to skip as a success, and nothing was downloaded or installed then. That message ends
 * nothing, and where the image was to be `staged` (download-only) it is a failure: such a client never
 * stages. `downloaded` is the end of a staged one, and a step on the way of any other.
 */
export function meaningForDeployment({ status }: DdiFeedback, staged: boolean): DeploymentMeaning {
  const failed = status.result.finished === "failure";
  switch (status.execution) {
    case "closed":
      if (failed) return { kind: "closed", state: "failed" };
      if (!isSkipped(status.details)) return { kind: "closed", state: "succeeded" };
      return staged ? { kind: "closed", state: "failed" } : { kind: "open", state: null };
    case "canceled":
      return { kind: "closed", state: "canceled" };
    case "downloaded":
      if (staged && !failed) return { kind: "closed", state: "succeeded" };
      return { kind: "open", state: "downloading" };
    case "download":
      return { kind: "open", state: "downloading" };
    case "proceeding":
    case "resumed":
      return { kind: "open", state: staged ? "downloading" : "installing" };
    case "scheduled":
    case "rejected":
      return { kind: "open", state: null };
  }
}

function isSkipped(details: readonly string[] = []): boolean {
  return details.some((line) => line.trim() === "Skipped Update.");
}

/** What a device answers to a request to cancel. */
export type CancelMeaning = "agreed" | "refused" | "undecided";

/**
 * Zephyr says closed/failure and rauc-hawkbit-updater `rejected` when it is too late to cancel;
 * consent is `closed` otherwise, and from some clients `canceled`.
 */
export function meaningForCancel({ status }: DdiFeedback): CancelMeaning {
  switch (status.execution) {
    case "closed":
      return status.result.finished === "failure" ? "refused" : "agreed";
    case "canceled":
      return "agreed";
    case "rejected":
      return "refused";
    case "download":
    case "downloaded":
    case "proceeding":
    case "resumed":
    case "scheduled":
      return "undecided";
  }
}
