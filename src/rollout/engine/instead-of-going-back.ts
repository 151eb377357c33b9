import { iotctlCommand } from "../../base/iotctl-command.ts";
import type { ComponentVersion, Relation } from "../../compat/relation.ts";
import { compareVersions, parseVersion } from "../../compat/versions.ts";
import type { BlockedPair } from "../../planner/plan.ts";
import { hasEnded, type RolloutState } from "./state.ts";
import type { WayTo } from "./ways-back.ts";

/** What helps where devices cannot go back to a version: sentences, what is done at once last. */
export function insteadOfGoingBack(
  state: RolloutState,
  relation: Relation,
  way: WayTo,
  pairs: readonly BlockedPair[],
): string[] {
  const { config, status } = state;
  const { component, over, version } = way;
  const running = over.join(", ");
  const forward = patchAfter(relation, component, over);
  const counter = relation.facts(component, over.at(-1) ?? "")?.securityCounter;
  const mended = `Roll forward: release ${component} ${forward}${counter ? ` with security-counter ${counter}` : ""} that mends ${running}`;
  const refused = groupByComponent(pairs.map(({ b }) => componentVersionOf(b)));
  const tolerant = [...refused].map(([peer, versions]) => {
    const next = patchAfter(relation, peer, versions);
    return `Release ${peer} ${next} that accepts ${component} ${version} as well as ${running}`;
  });
  const waits = [...refused].flatMap(([peer, versions]) => {
    const higher = higherThatFits(state, relation, way, peer, versions);
    return higher === null
      ? []
      : [`Wait until who uses ${peer} ${versions.join(", ")} has moved to ${higher}, and ask again`];
  });
  const stops = !hasEnded(status) && status !== "rolling-back";
  const command = iotctlCommand(`rollout abort ${config.rolloutId}`, config.environment);
  return [mended, ...tolerant, ...waits, ...(stops ? [`Stop here and leave all as it is: ${command}`] : [])];
}

/** An app that fits and that users come to in the end; null where there is none. */
function higherThatFits(
  { config, population }: RolloutState,
  relation: Relation,
  way: ComponentVersion,
  peer: string,
  refused: readonly string[],
): string | null {
  if (config.resolved.components[peer]?.kind !== "app") return null;
  const fitting = Object.keys(population?.versions[peer] ?? {}).filter(
    (version) =>
      refused.every((other) => compareVersions(version, other) > 0) &&
      relation.verdict(way, { component: peer, version }).kind === "compatible",
  );
  return fitting.toSorted(compareVersions).at(-1) ?? null;
}

/** The next patch above everything known of a component. */
function patchAfter(relation: Relation, component: string, inUse: readonly string[]): string {
  const highest = [...relation.versions(component), ...inUse].toSorted(compareVersions).at(-1) ?? "";
  const parsed = parseVersion(highest);
  return parsed ? `${parsed.major}.${parsed.minor}.${parsed.patch + 1}` : `above ${highest}`;
}

function componentVersionOf(name: string): ComponentVersion {
  const at = name.indexOf("@");
  return { component: name.slice(0, at), version: name.slice(at + 1) };
}

function groupByComponent(all: readonly ComponentVersion[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { component, version } of all) {
    groups.set(component, [...(groups.get(component) ?? []), version]);
  }
  return groups;
}
