import type { Books, ByDevice } from "./books.ts";
import { withoutLast } from "./device-progress.ts";
import { assignEffect, type Effect } from "./effects.ts";
import type { Observed } from "./events.ts";
import { gateNamed } from "./gate-named.ts";
import { recordReading } from "./metric-gates.ts";
import { nothingBegins } from "./nothing-begins.ts";
import { mayGoOn, type MetricRecord, type RolloutState } from "./state.ts";

/** What a look at the field showed. */
export function applyObserved(
  state: RolloutState,
  event: Observed,
  nowMs: number,
  books: Books,
): RolloutState {
  const offers = offersWave(state, event, nowMs);
  const unchanged =
    !offers &&
    event.lapsed.length === 0 &&
    Object.keys(event.progress).length === 0 &&
    Object.keys(event.returning).length === 0 &&
    event.waiting === null &&
    event.waits === undefined &&
    event.population === null &&
    event.readings === undefined &&
    event.overdue === undefined;
  if (unchanged) return state;
  const current = withoutLapsed(state, new Set(event.lapsed), books);
  return {
    ...current,
    ...seenTo(state, offers, nowMs),
    devices: books.write(current.devices, event.progress),
    returning: books.write(current.returning, event.returning),
    waiting: books.write(event.waiting ?? state.waiting, event.waits ?? {}),
    population: event.population ?? state.population,
    metrics: withReadings(state, event.readings).metrics,
    overdue: event.overdue ?? state.overdue,
  };
}

/** Whether this is the first look that gave the devices of the wave their turn. */
function offersWave(state: RolloutState, event: Observed, nowMs: number): boolean {
  const { config, pending, waveEntered, waveSurveyed } = state;
  if (!waveEntered || waveSurveyed || event.more) return false;
  // By the rules before, any look counted.
  if (config.rulesVersion < 3) return true;
  const deploys = pending.some(({ kind }) => kind === "deploy-service");
  return mayGoOn(state) && !deploys && !nothingBegins(state, nowMs);
}

/** A wave lasts from when its devices had their turn: nobody has baked while it was shut, paused or left alone. */
function seenTo(
  { config, waveEntered }: RolloutState,
  offers: boolean,
  nowMs: number,
): Partial<RolloutState> {
  if (config.rulesVersion < 3) return { waveSurveyed: waveEntered };
  return offers ? { waveSurveyed: true, waveStartedAtMs: nowMs } : {};
}

/** The state with what was measured. */
export function withReadings(state: RolloutState, readings: Observed["readings"]): RolloutState {
  if (!readings) return state;
  const metrics: Record<string, MetricRecord> = { ...state.metrics };
  for (const [name, reading] of Object.entries(readings)) {
    const gate = gateNamed(state.config, name);
    if (gate) metrics[name] = recordReading(gate, state.metrics[name], reading);
  }
  return { ...state, metrics };
}

function withoutLapsed(state: RolloutState, lapsed: ReadonlySet<string>, books: Books): RolloutState {
  if (lapsed.size === 0) return state;
  let devices: ByDevice = state.devices;
  let returning: ByDevice = state.returning;
  const pending: Effect[] = [];
  for (const effect of state.pending) {
    if (effect.kind !== "assign" || !effect.deviceIds.some((deviceId) => lapsed.has(deviceId))) {
      pending.push(effect);
      continue;
    }
    const gone = effect.deviceIds.filter((deviceId) => lapsed.has(deviceId));
    if (effect.rollback) returning = books.write(returning, withoutLast(returning, gone));
    else devices = books.write(devices, withoutLast(devices, gone));
    const left = effect.deviceIds.filter((deviceId) => !lapsed.has(deviceId));
    if (left.length > 0) pending.push(assignEffect(state.config.rolloutId, effect, effect.rollback, left));
  }
  return { ...state, devices, returning, pending };
}
