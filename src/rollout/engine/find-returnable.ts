import { admitDevice } from "../../compat/device-gate.ts";
import type { Relation } from "../../compat/relation.ts";
import { formatDuration } from "../../base/durations.ts";
import type { Device, DeviceOutcome } from "../../fleet/fleet-backend.ts";
import { appsToMeet, gateFacts, inWords, servicesInField } from "./device-facts.ts";
import { assignmentIdOf } from "./effects.ts";
import type { Observed } from "./events.ts";
import { lastUpdate, wasStopped } from "./device-progress.ts";
import type { DeviceProgress, RolloutState } from "./state.ts";
import type { Snapshot } from "./snapshot.ts";
import { silenceDeadlineMs, updateDeadlineMs } from "./track-device.ts";
import { outcomesByDevice } from "./track-progress.ts";

/** Who may go back to the version it ran before its last step. Who has to stay is put into `waiting`. */
export function findReturnable(
  state: RolloutState,
  devices: ReadonlyMap<string, Device>,
  relation: Relation,
  waiting: Record<string, string>,
  { nowMs, snapshot }: { readonly snapshot: Snapshot; readonly nowMs: number },
): Observed["returnable"] {
  const found: Observed["returnable"][number][] = [];
  const peers = servicesInField(state, relation);
  const { config, exposed } = state;
  const silentMs = silenceDeadlineMs(config.gates);
  const outcomeOf = outcomesByDevice(snapshot);
  // Forwards the plan answers for apps that are not paired with the device; nobody planned the way back.
  const shown = state.config.plan.steps.filter((step) => `${step.component}@${step.version}` in exposed);
  for (const [deviceId, progress] of Object.entries(state.devices)) {
    const device = devices.get(deviceId);
    const sent = Object.hasOwn(state.returning, deviceId) ? state.returning[deviceId] : undefined;
    const back = sent && wasStopped(sent) ? undefined : sent;
    if (back && back.status !== "assigned") continue;
    const update = lastUpdate(progress);
    if (!update || (!back && !runsNew(update, device))) continue;
    if (!device) {
      // A fleet that lists nobody at all is one that cannot be seen.
      if (devices.size > 0) waiting[deviceId] = "the fleet does not list it any more";
      continue;
    }
    if (back) {
      const outcome = outcomeOf(assignmentIdOf(config.rolloutId, back, true), deviceId);
      waitForIdler(deviceId, outcome, updateDeadlineMs(config.gates), nowMs, waiting);
      waitForSleeper(device, silentMs, nowMs, waiting);
      continue;
    }
    const { component, from } = update;
    const shut = whyShut(state, component, from);
    if (shut !== null) {
      waiting[deviceId] = shut;
      continue;
    }
    const facts = { ...gateFacts(device), pairedApps: appsToMeet(state, device, shown), peers };
    const { admitted, reasons } = admitDevice({
      device: facts,
      target: { component, version: from },
      relation,
      rollback: true,
    });
    if (admitted) found.push({ deviceId, component, to: from });
    // Its next step is being taken back, which ends with its next word.
    else if (progress !== update && gateFacts(device).busy) waitForSleeper(device, silentMs, nowMs, waiting);
    else waiting[deviceId] = inWords(reasons);
  }
  return found;
}

/** Why nobody may go back to a version, as the planner found; by the rules before, each device was asked alone. */
function whyShut({ config, wayBack }: RolloutState, component: string, version: string): string | null {
  if (config.rulesVersion < 3) return null;
  if (!wayBack) return "the way back is being planned";
  if (Object.hasOwn(wayBack.open, component) && wayBack.open[component]?.includes(version)) return null;
  const closed = wayBack.closed.find((each) => each.component === component && each.version === version);
  return (
    closed?.why ?? `${component}@${version} was not among what devices had run when the way back was planned`
  );
}

/** Some say that they failed and run the new version all the same. */
function runsNew({ status, version }: DeviceProgress, device: Device | undefined): boolean {
  return status === "updated" || (status === "failed" && device?.reportedVersion === version);
}

/** Nor does one that is awake and never begins, such as where somebody has to confirm it at the device. */
function waitForIdler(
  deviceId: string,
  outcome: DeviceOutcome | undefined,
  deadlineMs: number,
  nowMs: number,
  waiting: Record<string, string>,
): void {
  if (!outcome || nowMs - outcome.assignedAtMs <= deadlineMs) return;
  waiting[deviceId] = `has not begun to go back within ${formatDuration(deadlineMs)}; it goes when it does`;
}

/** A device that does not wake up does not keep the way back open: it has its assignment and goes when it wakes. */
function waitForSleeper(
  { id, lastContactAtMs }: Device,
  deadlineMs: number,
  nowMs: number,
  waiting: Record<string, string>,
): void {
  // A word that carries a time of next week is as old as none.
  if (lastContactAtMs !== null && Math.abs(nowMs - lastContactAtMs) <= deadlineMs) return;
  waiting[id] = `not heard of for ${formatDuration(deadlineMs)}; it goes back when it wakes`;
}
