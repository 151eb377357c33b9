import { type KnownVersion, KnownVersions, type Requirement } from "./known-versions.ts";
import { type ComponentVersion, type Evidence, formatComponentVersion, type Verdict } from "./verdict.ts";
import { liesIn } from "./versions.ts";

export type { ComponentVersion } from "./verdict.ts";

/** Everything compatibility needs to know about one version of one component. */
export interface VersionFacts extends ComponentVersion {
  readonly kind: "app" | "firmware" | "service";
  /** Component name to the range of its versions that this version needs. */
  readonly requires: Readonly<Record<string, string>>;
  /** Firmware: installed versions it can replace. Absent: every lower version. */
  readonly installsOver?: string;
  /** Firmware: hardware models it has an image for. */
  readonly hardware: readonly string[];
  /** Whether there is something to install: an artifact, variants, a service. */
  readonly installable: boolean;
  /** App: firmware that it can update even where the two do not fit, component to range. */
  readonly bridges?: Readonly<Record<string, string>>;
  /** Why those who use this version can never leave it. */
  readonly stuck?: string;
  /** Service: goes on serving the old version beside the new until that is retired. */
  readonly keepsVersions?: boolean;
  /** Firmware: anti-rollback counter of its images. Absent: 0. */
  readonly securityCounter?: number;
}

/** Versions that may be in use anywhere, by component. */
export type LiveSets = Readonly<Record<string, readonly string[]>>;

/** What is known of every version and every pair. */
export interface Relation {
  /** The verdict about two versions, the same whichever comes first. */
  verdict(a: ComponentVersion, b: ComponentVersion): Verdict;
  /** Whether some version of one names the other. */
  coupled(a: string, b: string): boolean;
  facts(component: string, version: string): VersionFacts | null;
  /** Every component named anywhere, sorted. */
  components(): readonly string[];
  /** Known versions of a component, lowest first. */
  versions(component: string): readonly string[];
  /** Whether a firmware version can be installed on a device that runs `installed`: never over a higher security counter. */
  installsOver(target: ComponentVersion, installed: string): boolean;
}

/** Anti-rollback counter of a firmware version: hardware that ran it refuses every lower one. 0 where nobody says. */
export function securityCounter(relation: Relation, component: string, version: string): number {
  return relation.facts(component, version)?.securityCounter ?? 0;
}

/**
 * The relation over all known versions. `live` is what lives together in the field now: pairs of it
 * that nobody declared anything about are compatible by that evidence. `leftOut` names releases whose
 * word is lost: they may have coupled any two components, and a version that now says nothing may have
 * refused any other. Every version and every range is read once, every verdict about two known versions is
 * formed once.
 */
export function createRelation(
  facts: readonly VersionFacts[],
  live: LiveSets = {},
  leftOut: readonly string[] = [],
): Relation {
  const known = new KnownVersions(facts, live);
  const coupled = couplingsOf(facts);
  const areCoupled = (a: string, b: string): boolean =>
    (leftOut.length > 0 && a !== b) || (coupled.get(a)?.has(b) ?? false);

  return {
    facts: (component, version) => known.factsOf(component, version),
    coupled: areCoupled,
    components: () => known.components,
    versions: (component) => known.versionsOf(component),
    verdict(a, b) {
      if (!areCoupled(a.component, b.component)) return uncoupled;
      const [left, right] = [known.get(a.component, a.version), known.get(b.component, b.version)];
      const remembered = left.verdicts.get(right);
      if (remembered) return remembered;
      const verdict = judge(left, right, leftOut);
      // What devices make up is not remembered: it has no end.
      if (left.permanent && right.permanent) left.verdicts.set(right, verdict);
      return verdict;
    },
    installsOver({ component, version }, installed) {
      const [target, from] = [known.get(component, version), known.get(component, installed)];
      if (!from.wellFormed || target.securityCounter < from.securityCounter) return false;
      return target.installsOver === undefined ? isLower(from, target) : admits(target.installsOver, from);
    },
  };
}

const uncoupled: Verdict = { kind: "compatible", evidence: [{ kind: "uncoupled" }] };

function couplingsOf(facts: readonly VersionFacts[]): Map<string, Set<string>> {
  const coupled = new Map<string, Set<string>>();
  const couple = (a: string, b: string): void => {
    const others = coupled.get(a) ?? new Set();
    coupled.set(a, others.add(b));
  };
  for (const { component, requires } of facts) {
    for (const other of Object.keys(requires)) {
      couple(component, other);
      couple(other, component);
    }
  }
  return coupled;
}

function judge(a: KnownVersion, b: KnownVersion, leftOut: readonly string[]): Verdict {
  const declared = [...declaration(a, b), ...declaration(b, a)];
  if (declared.some((evidence) => evidence.kind === "declared" && !evidence.holds)) {
    return { kind: "incompatible", evidence: declared };
  }
  if (leftOut.length > 0 && !(a.speaks && b.speaks)) {
    return { kind: "unknown", evidence: [...declared, { kind: "left-out", releases: leftOut }] };
  }
  if (declared.length > 0) return { kind: "compatible", evidence: declared };
  return a.live && b.live
    ? { kind: "compatible", evidence: [{ kind: "field" }] }
    : { kind: "unknown", evidence: [{ kind: "silent" }] };
}

function declaration(by: KnownVersion, other: KnownVersion): Evidence[] {
  const requirement = by.requires.get(other.component);
  if (!requirement) return [];
  const { text: range } = requirement;
  return [
    {
      kind: "declared",
      by: formatComponentVersion(by),
      requires: other.component,
      range,
      holds: admits(requirement, other),
    },
  ];
}

function admits({ range }: Requirement, { parsed }: KnownVersion): boolean {
  return range !== null && parsed !== null && liesIn(parsed, range);
}

function isLower(a: KnownVersion, b: KnownVersion): boolean {
  return a.parsed !== null && b.parsed !== null && a.parsed.compare(b.parsed) < 0;
}
