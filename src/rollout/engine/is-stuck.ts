import type { Closed } from "./calendar.ts";
import type { DeviceCounts } from "./describe-devices.ts";
import type { GateView } from "./describe-gates.ts";
import { openGates, type WaitBasis, type WaitView } from "./describe-waits.ts";
import type { RolloutState, RolloutStatus } from "./state.ts";

/** Whether nothing but people or more devices can move it on. */
export function isStuck(
  state: RolloutState,
  waits: readonly WaitView[],
  { closed, gates }: WaitBasis,
): boolean {
  if (state.status === "paused" || state.status === "awaiting-approval") return true;
  if (closed) return closed.opensAtMs === null;
  if (!waits.some(({ kind }) => kind === "gate")) return false;
  const mayBeDecided = openGates(gates).some(decidesItself);
  const working = Object.values(state.devices).some(
    ({ status }) => status === "updating" || status === "assigned",
  );
  return !mayBeDecided && !working && Object.keys(state.waiting).length === 0;
}

/** Whether nothing can happen before a window opens or a freeze is over. */
export function isIdleUntilOpen({
  closed,
  devices,
  gates,
  status,
  waits,
}: {
  readonly closed: Closed | null;
  readonly devices: DeviceCounts;
  readonly gates: readonly GateView[];
  readonly status: RolloutStatus;
  readonly waits: readonly WaitView[];
}): boolean {
  if (status !== "running" || closed === null || devices.assigned + devices.updating > 0) return false;
  const idle: readonly WaitView["kind"][] = ["window", "freeze", "denial", "gate"];
  return waits.every(({ kind }) => idle.includes(kind)) && !openGates(gates).some(decidesItself);
}

/** Whether a gate may be decided without another device that begins. */
function decidesItself({ measure, undecided }: GateView): boolean {
  return undecided > 0 || measure === "metric" || measure === "count";
}
