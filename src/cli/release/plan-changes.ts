import type { VersionFacts } from "../../compat/relation.ts";
import type { Plan } from "../../planner/plan.ts";
import type { PlanBasis } from "./plan-basis.ts";

/** What a plan was made from: its basis and the field in it. */
export interface Basis extends PlanBasis {
  readonly live: Plan["field"];
}

/**
 * Everything that is other now than when a plan was made, as sentences; none when nothing is. Hardware
 * counts only where the plan knew it.
 */
export function changesBetween(then: Basis, now: Basis): string[] {
  return [...manifestChanges(then, now), ...fieldChanges(then, now), ...indexChanges(then, now)];
}

function manifestChanges(then: Basis, now: Basis): string[] {
  if (then.manifest === now.manifest) return [];
  const changes = factChanges(then.facts, now.facts);
  if (then.pairing !== now.pairing) {
    changes.push(`The manifest says pairing: ${now.pairing}; it said ${then.pairing}.`);
  }
  return changes.length > 0
    ? changes
    : [
        "The manifest changed, though no version or pin in it did: stages, gates, paths or how a service is deployed.",
      ];
}

function factChanges(then: readonly VersionFacts[], now: readonly VersionFacts[]): string[] {
  const before = byVersion(then);
  const after = byVersion(now);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((version) => {
    const [old, current] = [before.get(version), after.get(version)];
    if (!old) return [`The manifest has ${version}, which it had not.`];
    if (!current) return [`The manifest has no ${version} any more.`];
    return memberChanges(version, old, current);
  });
}

function memberChanges(version: string, then: VersionFacts, now: VersionFacts): string[] {
  const before = saidBy(then);
  const after = saidBy(now);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((what) => {
    const [old = "nothing", current = "nothing"] = [before.get(what), after.get(what)];
    return old === current ? [] : [`The manifest says of ${version}: ${what} ${current}; it said ${old}.`];
  });
}

/** Everything that facts say, by what it is about. */
function saidBy(facts: VersionFacts): Map<string, string> {
  const said = new Map<string, string>([
    ["kind", facts.kind],
    ["hardware", facts.hardware.toSorted().join(", ") || "none"],
    ["installable", String(facts.installable)],
    ["keeps-versions", String(facts.keepsVersions ?? false)],
    ["security-counter", String(facts.securityCounter ?? 0)],
  ]);
  for (const [component, range] of Object.entries(facts.requires)) said.set(`requires ${component}`, range);
  for (const [component, range] of Object.entries(facts.bridges ?? {}))
    said.set(`bridges ${component}`, range);
  if (facts.installsOver !== undefined) said.set("installs-over", facts.installsOver);
  if (facts.stuck !== undefined) said.set("stuck", facts.stuck);
  return said;
}

function byVersion(facts: readonly VersionFacts[]): Map<string, VersionFacts> {
  return new Map(facts.map((fact) => [`${fact.component}@${fact.version}`, fact]));
}

function fieldChanges(then: Basis, now: Basis): string[] {
  const source =
    then.field === "given"
      ? "; the plan was made for a field that a file gave, not for the observed one"
      : "";
  const components = [...new Set([...Object.keys(then.live), ...Object.keys(now.live)])].toSorted();
  return components.flatMap((component) => {
    const [before, after] = [then.live[component] ?? [], now.live[component] ?? []];
    const came = after.filter((version) => !before.includes(version));
    const went = before.filter((version) => !after.includes(version));
    return [
      ...came.map((version) => `${component} ${version} is in the field, and was not${source}.`),
      ...went.map((version) => `${component} ${version} is no longer in the field${source}.`),
      ...hardwareChanges(component, then, now),
    ];
  });
}

function hardwareChanges(component: string, then: Basis, now: Basis): string[] {
  const known = then.hardware?.[component] ?? {};
  return Object.entries(known).flatMap(([version, models]) => {
    const before = models.toSorted().join(", ");
    const after = now.hardware?.[component]?.[version]?.toSorted().join(", ");
    return after === undefined || after === before
      ? []
      : [`${component} ${version} is on hardware ${after || "none"}; it was on ${before || "none"}.`];
  });
}

function indexChanges(then: Basis, now: Basis): string[] {
  const [before, after] = [storedIn(then), storedIn(now)];
  const versions = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return versions.flatMap((version) => {
    const [old = "not there", current = "not there"] = [before.get(version), after.get(version)];
    return old === current ? [] : [`Release ${version} in the storage is ${current}; it was ${old}.`];
  });
}

/** The releases in the storage: the digest of each, or that it did not count. */
function storedIn({ leftOut = [], releases }: Basis): Map<string, string> {
  return new Map([...leftOut.map((version) => [version, "left out"] as const), ...Object.entries(releases)]);
}
