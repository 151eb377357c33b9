import type { DeviceOutcome } from "../../../src/fleet/fleet-backend.ts";
import type { Attempt } from "./recorded-devices.ts";

/** What one who looks at a device from outside can know of it. */
export interface Sight {
  readonly outcome: DeviceOutcome | undefined;
  readonly word: {
    readonly reportedVersion: string;
    readonly reportedAtMs: number;
    readonly lastContactAtMs: number;
  };
  readonly updateDeadlineMs: number;
  readonly silenceDeadlineMs: number;
  /** Something that it meets does not fit what it was given, or that is not known. */
  readonly mayBeHeld: boolean;
  readonly nowMs: number;
}

export type Truth = Pick<Attempt, "status" | "heard" | "silent">;

/**
 * How an attempt stands by what the device and the fleet show, given how it stood at the look before:
 * success is what the device says that it runs, having begun and not being done is failure once the
 * deadline is over, and so is silence after the update.
 *
 * @returns all the answers that are right; more than one where a device may be waiting or not
 */
export function truthsOf(before: Attempt, sight: Sight): Truth[] {
  const { nowMs, outcome, updateDeadlineMs } = sight;
  const stays = { status: before.status, heard: before.heard, silent: before.silent };
  const as = (status: Truth["status"]): Truth => ({ ...stays, status });
  const underWay = (sinceMs: number): Truth =>
    as(nowMs - (before.beganAtMs ?? sinceMs) > updateDeadlineMs ? "failed" : "updating");
  switch (outcome?.state) {
    case undefined:
      return [before.status === "updating" ? underWay(nowMs) : stays];
    case "pending":
    case "canceled":
      return [as("assigned")];
    case "failed":
      return [as("failed")];
    case "retrieved":
    case "downloading":
      return sight.mayBeHeld ? [as("assigned"), underWay(nowMs)] : [underWay(nowMs)];
    case "installing":
      return [underWay(nowMs)];
    case "succeeded":
      return [ofSuccess(before, outcome, sight, as, underWay)];
  }
}

function ofSuccess(
  before: Attempt,
  { closedAtMs }: DeviceOutcome,
  { nowMs, silenceDeadlineMs, word }: Sight,
  as: (status: Truth["status"]) => Truth,
  underWay: (sinceMs: number) => Truth,
): Truth {
  if (before.step.staged) return { status: "updated", heard: true, silent: false };
  const doneAtMs = closedAtMs ?? nowMs;
  if (word.reportedVersion !== before.step.version) {
    const hasSaid = before.status === "updated" || word.reportedAtMs > doneAtMs;
    return hasSaid ? as("failed") : underWay(doneAtMs);
  }
  // What carries a time far ahead was never heard at that time.
  const isAhead = word.lastContactAtMs - nowMs > silenceDeadlineMs;
  const lastContactAtMs = isAhead ? -Infinity : word.lastContactAtMs;
  const quietSinceMs = Math.max(lastContactAtMs, doneAtMs);
  const silent = quietSinceMs - doneAtMs < silenceDeadlineMs && nowMs - quietSinceMs > silenceDeadlineMs;
  return { status: "updated", heard: lastContactAtMs > doneAtMs, silent };
}
