import { readBoundedFile } from "../base/bounded-file.ts";
import { messageOf } from "../base/errors.ts";
import { nearestName } from "../base/nearest-name.ts";
import type { LiveSets } from "../compat/relation.ts";
import { compareVersions } from "../compat/versions.ts";
import { quoted } from "./diagnostic.ts";
import { fieldInvalid } from "./field-invalid.ts";
import { isMapping, readFieldEntries } from "./read-field-entries.ts";
import type { Release } from "./release.ts";

/** A field as a file describes it, in place of the one that can be observed. */
export interface GivenField {
  /** Versions in use, by component of the release, lowest first; none for components that the file leaves out. */
  readonly live: LiveSets;
  /** Share of devices or users on each version, about 1 together, also where it is too small to count as live; only for components whose shares the file gives. */
  readonly shares: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Hardware models on which firmware versions are, by component, then version, where the file says it. */
  readonly hardware: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const bytesMax = 1024 * 1024;

/**
 * Reads a field file: for each component a list of versions, or versions with their shares and, for
 * firmware, hardware models: `{"app-ios": ["4.1.0"], "fan": {"1.8.0": "20%", "1.9.4": {"share": 0.8,
 * "hardware": ["fan-a1"]}}}`. Throws IOT_FIELD_INVALID with everything that is wrong with it, or
 * IOT_FILE_UNREADABLE.
 */
export function loadField(path: string, release: Release): GivenField {
  const problems: string[] = [];
  const field = fieldOf(readJson(path, problems), release, problems);
  if (problems.length === 0) return field;
  throw fieldInvalid(path, problems);
}

function readJson(path: string, problems: string[]): unknown {
  const text = readBoundedFile(path, bytesMax, "the field file").toString();
  try {
    return JSON.parse(text);
  } catch (error) {
    problems.push(`It is not JSON: ${messageOf(error)}.`);
    return {};
  }
}

function fieldOf(value: unknown, release: Release, problems: string[]): GivenField {
  const live: Record<string, string[]> = {};
  const shares: Record<string, Record<string, number>> = {};
  const hardware: Record<string, Record<string, readonly string[]>> = {};
  const names = Object.keys(release.components);
  for (const name of names) live[name] = [];
  if (!isMapping(value)) {
    problems.push("It is not a mapping of components to their versions.");
    return { live, shares, hardware };
  }
  for (const [component, given] of Object.entries(value)) {
    if (!names.includes(component)) {
      const nearest = nearestName(component, names);
      const hint = nearest === null ? `The components are ${names.join(", ")}.` : `Did you mean ${nearest}?`;
      problems.push(`${quoted(component)} is not a component of ${release.product}. ${hint}`);
      continue;
    }
    const entries = readFieldEntries(
      component,
      given,
      release.components[component]?.kind === "firmware",
      problems,
    );
    live[component] = entries
      .filter(([, { share }]) => isLive(share, release.retire.belowPercent))
      .map(([version]) => version)
      .toSorted(compareVersions);
    const withShare = entries.flatMap(([version, { share }]) => (share === null ? [] : [[version, share]]));
    if (withShare.length > 0) shares[component] = Object.fromEntries(withShare);
    const models = entries.flatMap(([version, own]) => (own.hardware ? [[version, own.hardware]] : []));
    if (models.length > 0) hardware[component] = Object.fromEntries(models);
  }
  const moving = names.filter((name) => release.components[name]?.kind !== "service");
  if (problems.length === 0 && moving.length > 0 && !moving.some((name) => Object.hasOwn(value, name))) {
    problems.push(
      `It names no app or firmware of ${release.product}, so there would be nothing to plan from.`,
    );
  }
  return { live, shares, hardware };
}

function isLive(share: number | null, belowPercent: number): boolean {
  return share === null || (share > 0 && share * 100 >= belowPercent - 1e-9);
}
