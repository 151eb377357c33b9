import type { RolloutEvent } from "../../rollout/engine/events.ts";
import type { JournalRecord } from "../../rollout/journal/journal.ts";
import { terminalLine } from "../terminal-text.ts";

/** One record as a line of a log: when, what happened, what was decided because of it. */
export function historyLine({ at, effects, event, seq }: JournalRecord): string {
  const decided = effects.length > 0 ? ` → ${effects.join(", ")}` : "";
  return terminalLine(
    `${String(seq).padStart(4)}  ${new Date(at).toISOString()}  ${whatHappened(event)}${decided}`,
  );
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
    case "approved":
      return `${event.by} approved stage ${event.stage}${because(event.reason)}`;
    case "paused":
    case "resumed":
    case "aborted":
      return `${event.by} ${event.type}${because(event.reason)}`;
    case "rollback-requested":
      return `${event.by} asked for a rollback${because(event.reason)}`;
  }
}

function observed(event: RolloutEvent & { type: "observed" }): string {
  const changes = [...Object.entries(event.progress), ...Object.entries(event.returning)].map(
    ([deviceId, { reason, status }]) => `${deviceId} ${status}${because(reason)}`,
  );
  const waiting = event.waiting === null ? [] : [`${Object.keys(event.waiting).length} waiting`];
  const said = [...changes, ...waiting];
  return said.length > 0 ? `saw ${said.join("; ")}` : "looked";
}

function because(reason: string): string {
  return reason === "" ? "" : ` (${reason})`;
}
