import type { LiveSets, Relation } from "../../compat/relation.ts";
import { compareVersions } from "../../compat/versions.ts";
import { kindOf } from "./release-kinds.ts";
import type { RolloutState } from "./state.ts";
import type { InUse } from "./versions-in-use.ts";
import type { WayTo } from "./ways-back.ts";

/** Of each component so many versions are planned with; those that do not fit come first. */
const peersMax = 20;

/**
 * The versions that devices may meet once they are back. With observed pairing the gate of each device
 * keeps it from apps that it does not fit, as long as nobody comes from one that fits to one that does
 * not: no store offers that any more, or it is lower.
 */
export function peersToMeet(
  way: WayTo,
  { live, offered }: InUse,
  { config }: RolloutState,
  relation: Relation,
): LiveSets {
  const peers = Object.entries(live)
    .filter(([component]) => component !== way.component && relation.coupled(component, way.component))
    .map(([component, versions]): [string, string[]] => {
      const fits = (version: string): boolean =>
        relation.verdict(way, { component, version }).kind === "compatible";
      const fitting = versions.filter(fits);
      const isGuarded = (version: string): boolean =>
        config.pairing === "observed" &&
        kindOf(config, component) === "app" &&
        fitting.length > 0 &&
        (!offered.has(`${component}@${version}`) ||
          fitting.every((other) => compareVersions(other, version) > 0));
      const misfits = versions.filter((version) => !fits(version) && !isGuarded(version));
      return [component, [...misfits, ...fitting].slice(0, peersMax)];
    });
  return Object.fromEntries(peers);
}
