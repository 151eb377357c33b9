import { factsOfResolvedVersion } from "../../bundle/resolved-facts.ts";
import { createRelation, type Relation, type VersionFacts } from "../../compat/relation.ts";
import { compareVersions } from "../../compat/versions.ts";
import { contextsMax } from "../../fleet/fleet-backend.ts";
import type { Hop, RolloutConfig } from "./state.ts";

/** One version of a component as the rollout knows it: of the release, else of `hops`, else of what the release calls known. */
export function versionIn(config: RolloutConfig, component: string, version: string): Hop | null {
  const { attestationDigest, hops = {}, resolved } = config;
  const target = own(resolved.components, component);
  if (target?.version === version) return { resolved: target, attestationDigest };
  const hop = own(own(hops, component), version);
  if (hop) return hop;
  const known = own(own(resolved.known, component), version);
  return known ? { resolved: known, attestationDigest } : null;
}

/** Every version of a component that the rollout knows, in no order. */
function versionsKnown(config: RolloutConfig, component: string): string[] {
  const { hops = {}, resolved } = config;
  const target = own(resolved.components, component)?.version;
  const others = [own(resolved.known, component), own(hops, component)];
  const versions = others.flatMap((known) => Object.keys(known ?? {}));
  return [...new Set(target === undefined ? versions : [target, ...versions])];
}

/** The relation that a rollout asks everywhere: all versions it knows, in the field that it was planned for. */
export function relationOf(config: RolloutConfig): Relation {
  const { hops = {}, leftOut, plan, resolved } = config;
  const components = [resolved.components, resolved.known, hops].flatMap((each) => Object.keys(each));
  const facts = [...new Set(components)].flatMap((component) =>
    versionsKnown(config, component).flatMap((version): VersionFacts[] => {
      const found = versionIn(config, component, version);
      return found ? [factsOfResolvedVersion(component, found.resolved)] : [];
    }),
  );
  return createRelation(facts, plan.field, leftOut);
}

/**
 * Signed statements by which devices judge a version that `proof` proves: the release's own, then those
 * that speak of the apps which devices may meet, newest first. None where the release alone knows all.
 */
export function contextOf({ attestationDigest, hops = {} }: RolloutConfig, proof: string): string[] {
  const apps = Object.values(hops)
    .flatMap((versions) => Object.values(versions))
    .filter(({ resolved }) => resolved.kind === "app")
    .toSorted((a, b) => compareVersions(b.resolved.version, a.resolved.version));
  const digests = new Set([attestationDigest, ...apps.map((app) => app.attestationDigest)]);
  return digests.size === 1 && proof === attestationDigest ? [] : [...digests].slice(0, contextsMax);
}

/** Hardware models that one version of a component has an image for. */
export function modelsOf(config: RolloutConfig, component: string, version: string): string[] {
  const artifacts = versionIn(config, component, version)?.resolved.artifacts ?? [];
  return artifacts.flatMap(({ hardware }) => hardware ?? []);
}

/** Hardware models of a component: a generation that gets nothing any more belongs to it, too. */
export function hardwareOf(config: RolloutConfig, component: string): ReadonlySet<string> {
  return new Set(versionsKnown(config, component).flatMap((version) => modelsOf(config, component, version)));
}

function own<Value>(record: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined;
}
