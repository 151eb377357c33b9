import { formatDuration } from "../../base/durations.ts";
import type { Device, DeviceOutcome } from "../../fleet/fleet-backend.ts";
import type { Gate } from "../../manifest/release.ts";
import type { DeviceProgress } from "./state.ts";

/** Why a device has not begun what it had been assigned: it may be assigned something else. */
export const takenBack = "taken back before it began";

/** Applies where no gate of that measure says otherwise. */
const defaultDeadlineMs = 6 * 3_600_000;

/**
 * Where one device stands. Success is what it runs, never only what it said: a device that closed
 * its update as a success but reports another version has failed, and so has one that began and was
 * not heard of within the deadline. A device that never began has not failed, it sleeps; nor has one
 * that has what it needs but must wait (`held`), because a phone of it changed meanwhile. What only
 * lies ready cannot be seen from outside: there the device's word is all there is.
 */
export function trackDevice(
  before: DeviceProgress,
  outcome: DeviceOutcome | undefined,
  device: Device | undefined,
  gates: Readonly<Record<string, Gate>>,
  nowMs: number,
  held: string | null = null,
): DeviceProgress {
  // An assignment that vanished from the backend must not hold the rollout for ever.
  if (!outcome) return before.status === "updating" ? updating(before, gates, nowMs) : before;
  const reported = device?.reportedVersion ?? outcome.reportedVersion;
  const lastContactAtMs = device?.lastContactAtMs ?? outcome.lastContactAtMs;
  switch (outcome.state) {
    case "pending":
      return { ...before, status: "assigned", reason: "" };
    case "canceled":
      return { ...before, status: "assigned", reason: takenBack };
    case "failed":
      return failed(before, outcome.message || "the device gave no reason");
    case "retrieved":
    case "downloading":
      if (held !== null) return { ...before, status: "assigned", beganAtMs: null, reason: held };
      return updating(before, gates, nowMs);
    case "installing":
      return updating(before, gates, nowMs);
    case "succeeded": {
      if (before.staged) return { ...before, status: "updated", reason: "", heard: true };
      const closedAtMs = outcome.closedAtMs ?? nowMs;
      if (reported !== before.version) {
        if (before.status === "updated") return failed(before, `fell back to ${reported}`);
        const spokeSince = outcome.reportedAtMs !== null && outcome.reportedAtMs > closedAtMs;
        if (spokeSince) return failed(before, `said it succeeded, but runs ${reported}`);
        return updating({ ...before, beganAtMs: before.beganAtMs ?? closedAtMs }, gates, nowMs);
      }
      const silenceMs = silenceDeadlineMs(gates);
      // Clocks differ a little; a word of next week was not heard at all.
      const isAhead = lastContactAtMs !== null && lastContactAtMs - nowMs > silenceMs;
      const heardAtMs = isAhead ? null : lastContactAtMs;
      const heard = heardAtMs !== null && heardAtMs > closedAtMs;
      const quietSinceMs = Math.max(heardAtMs ?? closedAtMs, closedAtMs);
      // Who was heard of once the deadline was over has lived with the update; later silence is not about it.
      const silent = quietSinceMs - closedAtMs < silenceMs && nowMs - quietSinceMs > silenceMs;
      return {
        ...before,
        status: "updated",
        reason: "",
        heard,
        silent,
        beganAtMs: before.beganAtMs ?? closedAtMs,
      };
    }
  }
}

function updating(
  before: DeviceProgress,
  gates: Readonly<Record<string, Gate>>,
  nowMs: number,
): DeviceProgress {
  const beganAtMs = before.beganAtMs ?? nowMs;
  const limitMs = updateDeadlineMs(gates);
  if (nowMs - beganAtMs > limitMs) {
    return failed({ ...before, beganAtMs }, `began and was not done within ${formatDuration(limitMs)}`);
  }
  return { ...before, status: "updating", beganAtMs, reason: "" };
}

function failed(before: DeviceProgress, reason: string): DeviceProgress {
  return { ...before, status: "failed", reason };
}

/** A device that began and is not done after this long has failed. */
export function updateDeadlineMs(gates: Readonly<Record<string, Gate>>): number {
  return deadlineMs(gates, "update-failure");
}

/** After this long without a word from it, a device counts as silent. */
export function silenceDeadlineMs(gates: Readonly<Record<string, Gate>>): number {
  return deadlineMs(gates, "silent-after-update");
}

function deadlineMs(gates: Readonly<Record<string, Gate>>, measure: Gate["measure"]): number {
  const deadlines = Object.values(gates)
    .filter((gate) => gate.measure === measure)
    .map((gate) => gate.deadlineMs);
  return deadlines.length > 0 ? Math.min(...deadlines) : defaultDeadlineMs;
}
