import type { Relation } from "../../compat/relation.ts";
import { copiedBooks } from "./books.ts";
import type { Observed } from "./events.ts";
import { findAdmissible } from "./find-admissible.ts";
import { findReturnable } from "./find-returnable.ts";
import { isSameStep } from "./firmware-step.ts";
import { nothingBegins } from "./nothing-begins.ts";
import { populationOf } from "./population.ts";
import type { Snapshot } from "./snapshot.ts";
import { withReadings } from "./apply-observed.ts";
import { overdueGates } from "./gates.ts";
import { hasEnded, mayGoOn, type RolloutState, stillLooks } from "./state.ts";
import { tallyOf } from "./tally.ts";
import { withoutLast } from "./device-progress.ts";
import { trackProgress } from "./track-progress.ts";

/**
 * Reduces a look at the field to what the rollout has to know: whose progress changed, which devices
 * may be next, who has to wait and why. Pure: what it is given is all it knows.
 */
export function survey(state: RolloutState, snapshot: Snapshot, relation: Relation, nowMs: number): Observed {
  const { readings } = snapshot;
  const mayGive = mayGoOn(state) || state.status === "completed";
  const devices = new Map(snapshot.devices.map((device) => [device.id, device]));
  const waiting: Record<string, string> = {};
  const unreached = devicesUnreached(state, snapshot, false);
  const unreachedBack = devicesUnreached(state, snapshot, true);
  const confirmed: RolloutState = {
    ...state,
    devices: copiedBooks.write(state.devices, withoutLast(state.devices, unreached)),
    returning: copiedBooks.write(state.returning, withoutLast(state.returning, unreachedBack)),
  };
  const look = { devices, snapshot, relation, nowMs };
  const progress = trackProgress(confirmed, false, look, waiting);
  const returning = trackProgress(confirmed, true, look, waiting);
  const goesBack = state.status === "rolling-back";
  const tracked: RolloutState = {
    ...state,
    devices: { ...confirmed.devices, ...progress },
    returning: { ...confirmed.returning, ...returning },
  };
  const population = populationOf(tracked, snapshot, nowMs);
  const current = { ...tracked, population };
  const admissible =
    goesBack || !stillLooks(state.status) ? [] : findAdmissible(current, snapshot.devices, relation, waiting);
  const returnable = goesBack ? findReturnable(current, devices, relation, waiting, { snapshot, nowMs }) : [];
  // What was decided while a window was open, and not done before it closed, waits for it to open.
  const shut = nothingBegins(state, nowMs);
  const asked = new Set(
    shut ? [] : admissible.filter((step) => isSameStep(step, state.devices[step.deviceId] ?? step)).map(idOf),
  );
  const askedBack = new Set(returnable.map(idOf));
  return {
    type: "observed",
    admissible: mayGive && !shut ? admissible : [],
    lapsed: [
      ...[...unreached].filter((deviceId) => !asked.has(deviceId)),
      ...[...unreachedBack].filter((deviceId) => !askedBack.has(deviceId)),
    ],
    // Who is asked once more keeps what is pending for it.
    progress: Object.fromEntries(Object.entries(progress).filter(([deviceId]) => !asked.has(deviceId))),
    returning,
    waiting: null,
    ...changedWaits(state.waiting, waiting),
    population: sameJson(population, state.population) ? null : population,
    kept: Object.entries(returning).flatMap(([deviceId, { reason, status }]) =>
      status === "assigned" && reason !== "" && waiting[deviceId] === reason ? [deviceId] : [],
    ),
    returnable,
    ...(readings && Object.keys(readings).length > 0 && { readings }),
    ...overdueNow(current, snapshot, nowMs),
  };
}

/** Who has to wait for something else than before, or has to wait no more. */
function changedWaits(
  before: RolloutState["waiting"],
  now: Readonly<Record<string, string>>,
): Pick<Observed, "waits"> | null {
  const gone = Object.keys(before).filter((deviceId) => !Object.hasOwn(now, deviceId));
  const changed = Object.entries(now).filter(
    ([deviceId, reason]) => !Object.hasOwn(before, deviceId) || before[deviceId] !== reason,
  );
  if (gone.length === 0 && changed.length === 0) return null;
  return { waits: Object.fromEntries([...gone.map((deviceId) => [deviceId, null] as const), ...changed]) };
}

/** What has had nothing to judge by for too long, judged with what was measured just now. */
function overdueNow(
  state: RolloutState,
  { readings }: Snapshot,
  nowMs: number,
): Pick<Observed, "overdue"> | null {
  const mayFail = Object.values(state.config.gates).some(({ noData }) => noData === "fail");
  if (!mayFail || hasEnded(state.status)) return null;
  const overdue = overdueGates(withReadings(state, readings), tallyOf(state), nowMs);
  return sameJson(overdue, state.overdue) ? null : { overdue };
}

/** Devices of assignments that are not confirmed and that the backend does not know of. */
function devicesUnreached(state: RolloutState, { outcomes }: Snapshot, rollback: boolean): Set<string> {
  const unreached = new Set<string>();
  for (const effect of state.pending) {
    if (effect.kind !== "assign" || effect.rollback !== rollback) continue;
    const reached = new Set(outcomes[effect.assignmentId]?.map(idOf));
    for (const deviceId of effect.deviceIds) if (!reached.has(deviceId)) unreached.add(deviceId);
  }
  return unreached;
}

function idOf({ deviceId }: { readonly deviceId: string }): string {
  return deviceId;
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
