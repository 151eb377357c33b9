import { bothRanges } from "./both-ranges.ts";
import type { VersionFacts } from "./relation.ts";

type Ranges = Readonly<Record<string, string>>;
type Pins = Pick<
  VersionFacts,
  "bridges" | "installsOver" | "keepsVersions" | "requires" | "securityCounter" | "stuck"
>;

/**
 * What two say of one version, so that whatever does not hold by one of them does not hold: it needs what
 * either says, it is stuck where either says so, and it can only do what both say. Its security counter
 * is the higher one: what ran it must not be taken for less.
 */
export function bothHold<Said extends Pins>(said: Said, other: Pins): Said {
  const { bridges, installsOver, keepsVersions, securityCounter, stuck, ...rest } = said;
  const over =
    installsOver !== undefined && other.installsOver !== undefined
      ? bothRanges(installsOver, other.installsOver)
      : (installsOver ?? other.installsOver);
  const reason = stuck ?? other.stuck;
  const counter = Math.max(securityCounter ?? 0, other.securityCounter ?? 0);
  const bridged = bridges && other.bridges && commonRanges(bridges, other.bridges);
  return {
    ...rest,
    requires: allRanges(said.requires, other.requires),
    ...(over !== undefined && { installsOver: over }),
    ...(bridged && { bridges: bridged }),
    ...(keepsVersions && other.keepsVersions && { keepsVersions }),
    ...(reason !== undefined && { stuck: reason }),
    ...(counter > 0 && { securityCounter: counter }),
  } as Said;
}

function allRanges(a: Ranges, b: Ranges): Ranges {
  return { ...a, ...b, ...commonRanges(a, b) };
}

function commonRanges(a: Ranges, b: Ranges): Ranges {
  return Object.fromEntries(
    Object.entries(a).flatMap(([component, range]) => {
      const other = Object.hasOwn(b, component) ? b[component] : undefined;
      return other === undefined ? [] : [[component, bothRanges(range, other)]];
    }),
  );
}
