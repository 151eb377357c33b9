import type { Device } from "../../fleet/fleet-backend.ts";
import { bucketOf, cohortSalt, inShare } from "./cohort.ts";
import { modelsOf } from "./known-versions.ts";
import { kindOf, phasesBegun } from "./release-kinds.ts";
import type { Population, RolloutState, Stragglers } from "./state.ts";

/**
 * Who is still out: devices that could run the firmware of the release and do not, since when those
 * that sleep were last heard of, and how many of them each stage is for. Counts everybody whom the
 * fleet lists, however long ago they were seen; who can never run the version is not out.
 */
export function countStragglers(
  state: RolloutState,
  devices: readonly Device[],
): Pick<Population, "ahead" | "out"> {
  const { config, waveStartedAtMs } = state;
  const hasBegun = phasesBegun(state).length > 0;
  const out: Record<string, Stragglers> = {};
  const ahead: Record<string, number> = {};
  for (const component of Object.keys(config.resolved.components).toSorted()) {
    if (kindOf(config, component) !== "firmware") continue;
    const version = config.resolved.components[component]?.version ?? "";
    const models = new Set(modelsOf(config, component, version));
    const stuck = new Set(
      config.plan.stuck.flatMap((each) => (each.component === component ? [each.version] : [])),
    );
    const left = devices.filter(
      ({ hardware, reportedVersion }) =>
        reportedVersion !== version && models.has(hardware) && !stuck.has(reportedVersion ?? ""),
    );
    if (left.length === 0) continue;
    countAhead(state, left, ahead);
    if (hasBegun) out[component] = straggling(left, waveStartedAtMs);
  }
  return {
    ...(Object.keys(out).length > 0 && { out }),
    ...(Object.keys(ahead).length > 0 && { ahead }),
  };
}

function straggling(left: readonly Device[], sinceMs: number): Stragglers {
  const asleep = left.filter(({ lastContactAtMs }) => lastContactAtMs === null || lastContactAtMs < sinceMs);
  const heardOf = asleep.flatMap(({ lastContactAtMs }) =>
    lastContactAtMs === null ? [] : [lastContactAtMs],
  );
  const first = heardOf.reduce<number | null>((min, each) => (min === null || each < min ? each : min), null);
  return { devices: left.length, asleep: asleep.length, sinceMs: first };
}

function countAhead({ config }: RolloutState, left: readonly Device[], ahead: Record<string, number>): void {
  const salt = cohortSalt(config.resolved);
  const buckets = left.map(({ id }) => bucketOf(id, salt));
  for (const { name, waves } of config.stages) {
    const selected = new Set<number>();
    for (const { devices: selection } of waves) {
      let places = selection.kind === "label" ? (selection.max ?? Infinity) : Infinity;
      for (const [index, { labels }] of left.entries()) {
        if (places <= 0) break;
        const isIn =
          selection.kind === "percent"
            ? inShare(buckets[index] ?? 0, selection.percent)
            : labels[selection.label] === selection.value;
        if (!isIn || selected.has(index)) continue;
        selected.add(index);
        places--;
      }
    }
    if (selected.size > 0) ahead[name] = (ahead[name] ?? 0) + selected.size;
  }
}
