import { type ComponentVersion, type Evidence, formatComponentVersion, type Verdict } from "./verdict.ts";
import { compareVersions, isVersion, satisfies } from "./versions.ts";

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
  /** Whether a firmware version can be installed on a device that runs `installed`. */
  installsOver(target: ComponentVersion, installed: string): boolean;
}

/**
 * The relation over all known versions. `live` is what lives together in the field now: pairs of it
 * that nobody declared anything about are compatible by that evidence.
 */
export function createRelation(facts: readonly VersionFacts[], live: LiveSets = {}): Relation {
  const byComponent = new Map<string, Map<string, VersionFacts>>();
  const couplings = new Set<string>();
  for (const fact of facts) {
    const versions = byComponent.get(fact.component) ?? new Map<string, VersionFacts>();
    versions.set(fact.version, fact);
    byComponent.set(fact.component, versions);
    for (const other of Object.keys(fact.requires)) {
      couplings.add(`${fact.component} ${other}`).add(`${other} ${fact.component}`);
    }
  }
  const factsOf = (component: string, version: string): VersionFacts | null =>
    byComponent.get(component)?.get(version) ?? null;
  const isLive = ({ component, version }: ComponentVersion): boolean =>
    live[component]?.includes(version) ?? false;

  return {
    facts: factsOf,
    coupled: (a, b) => couplings.has(`${a} ${b}`),
    components: () => [...new Set([...byComponent.keys(), ...Object.keys(live)])].toSorted(),
    versions: (component) => [...(byComponent.get(component)?.keys() ?? [])].toSorted(compareVersions),
    verdict(a, b) {
      if (!couplings.has(`${a.component} ${b.component}`)) {
        return { kind: "compatible", evidence: [{ kind: "uncoupled" }] };
      }
      const declared = [
        ...declaration(factsOf(a.component, a.version), b),
        ...declaration(factsOf(b.component, b.version), a),
      ];
      if (declared.length > 0) {
        const holds = declared.every((evidence) => evidence.kind === "declared" && evidence.holds);
        return { kind: holds ? "compatible" : "incompatible", evidence: declared };
      }
      return isLive(a) && isLive(b)
        ? { kind: "compatible", evidence: [{ kind: "field" }] }
        : { kind: "unknown", evidence: [{ kind: "silent" }] };
    },
    installsOver(target, installed) {
      if (!isVersion(installed)) return false;
      const range = factsOf(target.component, target.version)?.installsOver;
      return range === undefined
        ? compareVersions(installed, target.version) < 0
        : satisfies(installed, range);
    },
  };
}

function declaration(facts: VersionFacts | null, other: ComponentVersion): Evidence[] {
  const range = facts?.requires[other.component];
  if (!facts || range === undefined) return [];
  return [
    {
      kind: "declared",
      by: formatComponentVersion(facts),
      requires: other.component,
      range,
      holds: satisfies(other.version, range),
    },
  ];
}
