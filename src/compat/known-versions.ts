import { hasFiles } from "./filled-in.ts";
import type { LiveSets, VersionFacts } from "./relation.ts";
import type { ComponentVersion, Verdict } from "./verdict.ts";
import {
  compareVersions,
  isVersion,
  type ParsedRange,
  type ParsedVersion,
  parseRange,
  parseVersion,
} from "./versions.ts";

/** A range as it was written, and as it was read: null when it could not be. */
export interface Requirement {
  readonly text: string;
  readonly range: ParsedRange | null;
}

/** One version with everything that is parsed of it. */
export interface KnownVersion extends ComponentVersion {
  readonly live: boolean;
  /** Whether what it needs is known from whoever brought it, or from pins: more than that it is in use. */
  readonly speaks: boolean;
  /** Null when it is no version: a device may report anything. */
  readonly parsed: ParsedVersion | null;
  /** Whether it is written as semver wants it. */
  readonly wellFormed: boolean;
  /** By the component that is required. */
  readonly requires: ReadonlyMap<string, Requirement>;
  readonly installsOver: Requirement | undefined;
  readonly securityCounter: number;
  /** Whether the relation keeps it: it has facts, or lives in the field. */
  readonly permanent: boolean;
  /** Verdicts that have been formed about it and another. */
  readonly verdicts: Map<KnownVersion, Verdict>;
}

const noFacts: ReadonlyMap<string, VersionFacts> = new Map();

/** All versions that have facts or live in the field, each read when it is first asked for. */
export class KnownVersions {
  /** Every component, sorted. */
  readonly components: readonly string[];
  readonly #facts = new Map<string, Map<string, VersionFacts>>();
  readonly #live: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #sorted = new Map<string, readonly string[]>();
  readonly #known = new Map<string, Map<string, KnownVersion>>();
  readonly #ranges = new Map<string, Requirement>();

  constructor(facts: readonly VersionFacts[], live: LiveSets) {
    for (const fact of facts) {
      const versions = this.#facts.get(fact.component) ?? new Map<string, VersionFacts>();
      this.#facts.set(fact.component, versions.set(fact.version, fact));
    }
    this.#live = new Map(Object.entries(live).map(([component, versions]) => [component, new Set(versions)]));
    this.components = [...new Set([...this.#facts.keys(), ...this.#live.keys()])].toSorted();
  }

  factsOf(component: string, version: string): VersionFacts | null {
    return this.#facts.get(component)?.get(version) ?? null;
  }

  /** Versions with facts, lowest first. */
  versionsOf(component: string): readonly string[] {
    const sorted =
      this.#sorted.get(component) ??
      [...(this.#facts.get(component) ?? noFacts).keys()].toSorted(compareVersions);
    if (this.#facts.has(component)) this.#sorted.set(component, sorted);
    return sorted;
  }

  /** What is known of a version; of one never heard of, only how it reads. */
  get(component: string, version: string): KnownVersion {
    const found = this.#known.get(component)?.get(version);
    if (found) return found;
    const read = this.#read(component, version);
    if (read.permanent) {
      const versions = this.#known.get(component) ?? new Map<string, KnownVersion>();
      this.#known.set(component, versions.set(version, read));
    }
    return read;
  }

  #read(component: string, version: string): KnownVersion {
    const facts = this.factsOf(component, version);
    const live = this.#live.get(component)?.has(version) ?? false;
    const requires = Object.entries(facts?.requires ?? {});
    return {
      component,
      version,
      live,
      speaks: facts !== null && (hasFiles(facts) || requires.length > 0),
      parsed: parseVersion(version),
      wellFormed: isVersion(version),
      requires: new Map(requires.map(([other, range]) => [other, this.#requirement(range)])),
      installsOver: facts?.installsOver === undefined ? undefined : this.#requirement(facts.installsOver),
      securityCounter: facts?.securityCounter ?? 0,
      permanent: facts !== null || live,
      verdicts: new Map(),
    };
  }

  #requirement(text: string): Requirement {
    const requirement = this.#ranges.get(text) ?? { text, range: parseRange(text) };
    this.#ranges.set(text, requirement);
    return requirement;
  }
}
