import type { RolloutEvent } from "../engine/events.ts";
import type { RulesVersion } from "../engine/state.ts";

// Mappings, so that the compiler misses what is added to the types and not here.
const eventTypes: Readonly<Record<RolloutEvent["type"], true>> = {
  started: true,
  observed: true,
  "effect-done": true,
  "effect-failed": true,
  "freezes-changed": true,
  approved: true,
  denied: true,
  "bake-skipped": true,
  paused: true,
  resumed: true,
  aborted: true,
  "rollback-requested": true,
  retried: true,
};
const rulesVersions: Readonly<Record<RulesVersion, true>> = { 1: true, 2: true, 3: true };

/** What of an event only a later iotctl understands, in words; null when nothing. To pass over it would be to decide otherwise. */
export function unknownToUs(event: RolloutEvent): string | null {
  if (!Object.hasOwn(eventTypes, event.type)) return `an event ${JSON.stringify(event.type)}`;
  if (event.type !== "started") return null;
  const { rulesVersion } = event.config;
  // Absent in journals of the first rules.
  if (rulesVersion === undefined || Object.hasOwn(rulesVersions, rulesVersion)) return null;
  return `rules of version ${JSON.stringify(rulesVersion)}`;
}
