import { formatInstant } from "../../base/format-instant.ts";
import type { Consent, RolloutEvent } from "../../rollout/engine/events.ts";
import type { DeviceProgress } from "../../rollout/engine/state.ts";
import type { JournalRecord } from "../../rollout/journal/journal.ts";
import { terminalLine } from "../terminal-text.ts";

/** What follows a record is written below the words about it. */
const indent = " ".repeat(32);

/**
 * One record as lines of a log: when, what happened with the effects that were decided because of it,
 * and below that what it came to.
 *
 * @param cameTo as `tellDecisions` has it
 */
export function historyLine({ at, effects, event, seq }: JournalRecord, cameTo: readonly string[]): string {
  const decided = effects.length > 0 ? ` → ${effects.join(", ")}` : "";
  const first = `${String(seq).padStart(4)}  ${new Date(at).toISOString()}  ${terminalLine(whatHappened(event) + decided)}`;
  return [first, ...cameTo.map((text) => `${indent}${terminalLine(text)}`)].join("\n");
}

function whatHappened(event: RolloutEvent): string {
  switch (event.type) {
    case "started":
      return `started ${event.config.resolved.product} ${event.config.resolved.version} in ${event.config.environment}`;
    case "observed":
      return observed(event);
    case "effect-done": {
      const refused = event.refused?.length ?? 0;
      return `done ${event.key}${refused > 0 ? `, ${refused} devices refused` : ""}`;
    }
    case "effect-failed":
      return `failed ${event.key}: ${event.code} ${event.message}`;
    case "freezes-changed":
      return freezes(event);
    case "approved":
    case "denied":
    case "bake-skipped":
      return consent(event);
    case "paused":
    case "resumed":
    case "aborted":
      return `${event.by} ${event.type}${because(event.reason)}`;
    case "rollback-requested":
      return `${event.by} asked for a rollback${because(event.reason)}`;
    case "retried": {
      const who = event.deviceIds ? some(event.deviceIds) : "every device that failed";
      return `${event.by} asked to try ${who} again${because(event.reason)}`;
    }
  }
}

function consent({ by, reason, stage, statement, type, wave }: Consent): string {
  const verb = type === "bake-skipped" ? "ended the bake time of" : type;
  const said = `${by} ${verb} ${wave ?? `stage ${stage}`}${because(reason)}`;
  return statement === undefined ? `${said}, unsigned` : said;
}

function freezes({ freezes: all }: RolloutEvent & { type: "freezes-changed" }): string {
  const times = all.map(
    ({ fromMs, untilMs, why }) => `${why} from ${formatInstant(fromMs)} to ${formatInstant(untilMs)}`,
  );
  return times.length === 0 ? "there are no freezes" : `freezes are: ${times.join("; ")}`;
}

function observed(event: RolloutEvent & { type: "observed" }): string {
  const changes = [...Object.entries(event.progress), ...Object.entries(event.returning)];
  const fared = alike(
    changes.map(([deviceId, device]) => [deviceId, `${fareWords(device)}${because(device.reason)}`]),
  );
  const readings = Object.entries(event.readings ?? {}).map(
    ([gate, { problem, value }]) => `${gate} at ${value ?? "nothing"}${because(problem ?? "")}`,
  );
  const waiting = event.waiting === null ? [] : [`${Object.keys(event.waiting).length} waiting`];
  const waits = alike(
    Object.entries(event.waits ?? {}).map(([deviceId, reason]) => {
      return [deviceId, reason === null ? "not waiting any more" : `waiting${because(reason)}`];
    }),
  );
  const said = [...fared, ...readings, ...waiting, ...waits];
  return said.length > 0 ? `saw ${said.join("; ")}` : "looked";
}

/** Devices of which the same is to be said are counted, and some of them named. */
function alike(told: readonly (readonly [deviceId: string, how: string])[]): string[] {
  return [...Map.groupBy(told, ([, how]) => how)].map(([how, devices]) => {
    const deviceIds = devices.map(([deviceId]) => deviceId);
    return deviceIds.length === 1
      ? `${deviceIds[0]} ${how}`
      : `${deviceIds.length} ${how}: ${some(deviceIds)}`;
  });
}

function fareWords({ heard, silent, staged, status }: DeviceProgress): string {
  if (status !== "updated") return status;
  if (staged) return "ready";
  return silent ? "updated and silent since" : heard ? "updated and heard from since" : "updated";
}

/** `--json` has them all. */
const devicesNamed = 5;

function some(deviceIds: readonly string[]): string {
  const rest = deviceIds.length - devicesNamed;
  return `${deviceIds.slice(0, devicesNamed).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

function because(reason: string): string {
  return reason === "" ? "" : ` (${reason})`;
}
