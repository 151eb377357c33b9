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
  const ways = new Map<string, { component: string; version: string; over: Set<string>; devices: number }>();
  for (const progress of Object.values(devices)) {
    const last = lastUpdate(progress);
    for (const { component, from, version } of movesOf(progress, last)) {
      const name = `${component}@${from}`;
      const way = ways.get(name) ?? { component, version: from, over: new Set(), devices: 0 };
      ways.set(name, way);
      way.over.add(version);
    }
    if (last?.status === "updated") ways.get(`${last.component}@${last.from}`)!.devices++;
  }
  return [...ways.values()]
    .map((way): WayTo => ({ ...way, over: [...way.over].toSorted(orderVersions) }))
    .toSorted(compareWays);
}

/** What a device goes back from: its last update, and what it was told to do next and may yet do. */
function movesOf(progress: DeviceProgress, last: DeviceProgress | null): DeviceProgress[] {
  const next = progress.staged ? [] : [progress];
  return last === null || last === progress ? next : [last, ...next];
}

function compareWays(a: WayTo, b: WayTo): number {
  return a.component < b.component ? -1 : a.component > b.component ? 1 : orderVersions(b.version, a.version);
}
