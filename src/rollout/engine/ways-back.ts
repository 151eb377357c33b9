import type { ComponentVersion } from "../../compat/relation.ts";
import { orderVersions } from "../../compat/versions.ts";
import { lastUpdate } from "./device-progress.ts";
import type { DeviceProgress, RolloutState } from "./state.ts";

/** A firmware version that devices of the rollout would go back to. */
export interface WayTo extends ComponentVersion {
  /** What these devices run now, or may yet come to run; lowest first. */
  readonly over: readonly string[];
  /** How many have been updated. */
  readonly devices: number;
}

/**
 * Where the devices that the rollout moved would go back to: to what each ran before its last step, so
 * to several versions of one component. By component, the highest first; none when nobody was moved.
 */
export function waysBack({ devices }: RolloutState): WayTo[] {
  const ways = new Map<string, Map<string, Way>>();
  for (const progress of Object.values(devices)) {
    const last = lastUpdate(progress);
    if (last) {
      const way = wayOf(ways, last);
      if (last.status === "updated") way.devices++;
    }
    // What it was told to do next it may yet do.
    if (progress !== last && !progress.staged) wayOf(ways, progress);
  }
  return [...ways]
    .flatMap(([component, versions]) =>
      [...versions].map(([version, { devices: count, over }]): WayTo => {
        return { component, version, over: [...over].toSorted(orderVersions), devices: count };
      }),
    )
    .toSorted(compareWays);
}

interface Way {
  readonly over: Set<string>;
  devices: number;
}

/** The way back from one step, with what that step led to among what it leads back from. */
function wayOf(ways: Map<string, Map<string, Way>>, { component, from, version }: DeviceProgress): Way {
  const versions = ways.get(component) ?? new Map<string, Way>();
  ways.set(component, versions);
  const way = versions.get(from) ?? { over: new Set(), devices: 0 };
  versions.set(from, way);
  way.over.add(version);
  return way;
}

function compareWays(a: WayTo, b: WayTo): number {
  return a.component < b.component ? -1 : a.component > b.component ? 1 : orderVersions(b.version, a.version);
}
