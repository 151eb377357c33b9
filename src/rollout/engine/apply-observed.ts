import type { Books, ByDevice } from "./books.ts";
import { withoutLast } from "./device-progress.ts";
import { assignEffect, type Effect } from "./effects.ts";
import type { Observed } from "./events.ts";
import { gateNamed } from "./gate-named.ts";
import { recordReading } from "./metric-gates.ts";
import { nothingBegins } from "./nothing-begins.ts";
import type { MetricRecord, RolloutState } from "./state.ts";

/** What a look at the field showed. */
export function applyObserved(
  state: RolloutState,
  event: Observed,
  nowMs: number,
  books: Books,
): RolloutState {
  // In a closed window nobody was offered anything, so the wave has not been seen to.
  const surveyed = state.waveEntered && (state.waveSurveyed || nothingBegins(state, nowMs) === null);
  const unchanged =
    (state.waveSurveyed || !surveyed) &&
    event.lapsed.length === 0 &&
    Object.keys(event.progress).length === 0 &&
    Object.keys(event.returning).length === 0 &&
    event.waiting === null &&
    event.population === null &&
    event.readings === undefined &&
    event.overdue === undefined;
  if (unchanged) return state;
  const current = withoutLapsed(state, new Set(event.lapsed), books);
  return {
    ...current,
    waveSurveyed: surveyed,
    devices: books.write(current.devices, event.progress),
    returning: books.write(current.returning, event.returning),
    waiting: event.waiting ?? state.waiting,
    population: event.population ?? state.population,
    metrics: withReadings(state, event.readings).metrics,
    overdue: event.overdue ?? state.overdue,
  };
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
