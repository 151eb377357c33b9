import type { ReleasedVersions } from "../../bundle/released-versions.ts";
import type { LiveSets, Relation, VersionFacts } from "../../compat/relation.ts";
import type { Device } from "../../fleet/fleet-backend.ts";
import type { GivenField } from "../../manifest/load-field.ts";
import type { Release } from "../../manifest/release.ts";
import type { Context } from "../context.ts";

/** What is in use, and everything known about it. */
export interface FieldLook {
  /** Observed in the environment, or given by a file. */
  readonly source: "observed" | "given";
  /** Versions in use, by component of the release, lowest first. */
  readonly live: LiveSets;
  /** Hardware models by firmware component, then version in use; absent when a field file does not say. */
  readonly hardware?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Of the fleet, also those that were not seen lately; none when the field is given by a file. */
  readonly devices: readonly Device[];
  /** Shares of versions where a field file gives them; see `GivenField`. */
  readonly shares: GivenField["shares"];
  /** Of the release, its known versions, and every published version. */
  readonly facts: readonly VersionFacts[];
  readonly relation: Relation;
  /** Published versions that are installed from what was published, by component, then version. */
  readonly hops: ReleasedVersions["versions"];
  /** The published releases that the facts are from, version to manifest digest, and the digest over them. */
  readonly releases: ReleasedVersions["releases"];
  readonly indexDigest: string;
  /** Published releases that do not count. */
  readonly leftOut: ReleasedVersions["leftOut"];
  readonly warnings: readonly string[];
}

/**
 * Looks at what is in use and what the manifest and the storage say of it: the one look that planning,
 * releasing, asking and simulating share. With `fieldFile` no fleet, storefront or journal is asked.
 * Touches nothing.
 */
export async function lookAtField(
  release: Release,
  context: Context,
  { fieldFile, nowMs }: { readonly nowMs: number; readonly fieldFile?: string | undefined },
): Promise<FieldLook> {
  const { createRelation } = await import("../../compat/relation.ts");
  const { readFacts } = await import("./read-facts.ts");
  // A file with a mistake in it is told before anything remote is asked.
  const given = fieldFile === undefined ? null : await readField(fieldFile, release);
  const { facts, hops, index, warnings } = await readFacts(release, context);
  // A release that is left out may have had the images.
  if (fieldFile !== undefined && index.leftOut.length === 0) {
    await assertHardwareKnown(fieldFile, given?.hardware ?? {}, facts);
  }
  const { live, hardware, devices } = given ?? (await observe(release, context, nowMs, facts));
  return {
    source: given ? "given" : "observed",
    live,
    ...(hardware && { hardware }),
    devices,
    shares: given?.shares ?? {},
    facts,
    relation: createRelation(facts, live, index.leftOut),
    hops,
    releases: index.releases,
    indexDigest: index.digest,
    leftOut: index.leftOut,
    warnings: [...warnings, ...(given?.warnings ?? [])],
  };
}

async function assertHardwareKnown(
  path: string,
  hardware: GivenField["hardware"],
  facts: readonly VersionFacts[],
): Promise<void> {
  const { fieldHardwareProblems } = await import("../../manifest/field-hardware-problems.ts");
  const { fieldInvalid } = await import("../../manifest/field-invalid.ts");
  const problems = fieldHardwareProblems(hardware, facts);
  if (problems.length > 0) throw fieldInvalid(path, problems);
}

async function observe(
  release: Release,
  context: Context,
  nowMs: number,
  facts: readonly VersionFacts[],
): Promise<Pick<FieldLook, "live" | "hardware" | "devices">> {
  const { observeLiveField } = await import("../../rollout/live-field.ts");
  const ports = {
    fleet: await context.fleet(),
    storefront: await context.storefront(),
    journals: await context.journals(),
  };
  return observeLiveField(release, ports, nowMs, facts);
}

async function readField(
  path: string,
  release: Release,
): Promise<Pick<FieldLook, "live" | "hardware" | "devices" | "shares" | "warnings">> {
  const { loadField } = await import("../../manifest/load-field.ts");
  const { live, shares, hardware } = loadField(path, release);
  const absent = Object.keys(release.components).filter((name) => live[name]?.length === 0);
  const warnings = absent.map(
    (name) => `${path} has no version of ${name} in use; nobody is taken to use it.`,
  );
  const hasHardware = Object.keys(hardware).length > 0;
  return { live, shares, devices: [], warnings, ...(hasHardware && { hardware }) };
}
