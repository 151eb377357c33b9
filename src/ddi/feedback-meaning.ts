import type { DeliveryState } from "../fleet/fleet-backend.ts";
import type { DdiFeedback } from "./wire.ts";

/** What a report about a deployment says: it has ended, it is in another state, or neither. */
export type DeploymentMeaning =
  | { readonly kind: "closed"; readonly state: Extract<DeliveryState, "succeeded" | "failed" | "canceled"> }
  | { readonly kind: "open"; readonly state: Extract<DeliveryState, "downloading" | "installing"> | null };

/**
 * hawkBit's reading of deploymentBase feedback, with one difference: SWUpdate closes an update it
 * was told to skip as a success, and nothing was installed then, so that message ends nothing.
 */
export function meaningForDeployment({ status }: DdiFeedback): DeploymentMeaning {
  switch (status.execution) {
    case "closed":
      if (status.result.finished === "failure") return { kind: "closed", state: "failed" };
      return isSkipped(status.details)
        ? { kind: "open", state: null }
        : { kind: "closed", state: "succeeded" };
    case "canceled":
      return { kind: "closed", state: "canceled" };
    case "download":
    case "downloaded":
      return { kind: "open", state: "downloading" };
    case "proceeding":
    case "resumed":
      return { kind: "open", state: "installing" };
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
