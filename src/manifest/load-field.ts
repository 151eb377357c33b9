import { readBoundedFile } from "../base/bounded-file.ts";
import { IotctlError, messageOf } from "../base/errors.ts";
import { nearestName } from "../base/nearest-name.ts";
import { parsePercent } from "../base/percentages.ts";
import type { LiveSets } from "../compat/relation.ts";
import { compareVersions, isVersion, nearestVersion } from "../compat/versions.ts";
import { quoted } from "./diagnostic.ts";
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

interface Entry {
  readonly share: number | null;
  readonly hardware: readonly string[] | null;
}

const bytesMax = 1024 * 1024;
const versionsMax = 200;
const problemsMax = 20;
/** Shares are written with few digits, so that thirds add up to 0.99. */
const sumTolerance = 0.0101;

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
  const shown = problems.slice(0, problemsMax);
  const more = problems.length - shown.length;
  const lines = [...shown, ...(more > 0 ? [`... and ${more} more.`] : [])].map((line) => `  ${line}`);
  throw new IotctlError("IOT_FIELD_INVALID", `${path} does not describe a field:\n${lines.join("\n")}`, {
    hints: ['Write it like this: {"app-ios": ["4.1.0"], "fan": {"1.8.0": "20%", "1.9.4": "80%"}}'],
    details: { path, problems: shown },
  });
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
    const entries = entriesOf(component, given, release, problems);
    live[component] = entries
      .filter(([, { share }]) => isLive(share, release.retire.belowPercent))
      .map(([version]) => version)
      .toSorted(compareVersions);
    const withShare = entries.flatMap(([version, { share }]) => (share === null ? [] : [[version, share]]));
    if (withShare.length > 0) shares[component] = Object.fromEntries(withShare);
    const models = entries.flatMap(([version, own]) => (own.hardware ? [[version, own.hardware]] : []));
    if (models.length > 0) hardware[component] = Object.fromEntries(models);
  }
  return { live, shares, hardware };
}

function isLive(share: number | null, belowPercent: number): boolean {
  return share === null || (share > 0 && share * 100 >= belowPercent - 1e-9);
}

function entriesOf(
  component: string,
  given: unknown,
  release: Release,
  problems: string[],
): (readonly [string, Entry])[] {
  const listed = Array.isArray(given);
  if (!listed && !isMapping(given)) {
    problems.push(`${component} must have a list of versions, or a mapping of versions to shares.`);
    return [];
  }
  const pairs = listed ? given.map((version) => [version, null] as const) : Object.entries(given);
  if (pairs.length === 0) {
    problems.push(`${component} has no version; leave it out when nobody uses it.`);
    return [];
  }
  if (pairs.length > versionsMax) {
    problems.push(`${component} has ${pairs.length} versions, and at most ${versionsMax} are read.`);
    return [];
  }
  const before = problems.length;
  const entries: (readonly [string, Entry])[] = [];
  const seen = new Set<string>();
  for (const [version, value] of pairs) {
    if (typeof version !== "string" || !isVersion(version)) {
      const nearest = nearestVersion(String(version));
      const hint = nearest === null ? "" : `; the nearest one is ${nearest}`;
      problems.push(`${component}: ${quoted(JSON.stringify(version))} is not a semantic version${hint}.`);
      continue;
    }
    if (seen.has(version)) problems.push(`${component} has ${version} twice.`);
    seen.add(version);
    const place = `${component} ${version}`;
    const entry = listed ? { share: null, hardware: null } : entryOf(place, value, problems);
    if (entry.hardware && release.components[component]?.kind !== "firmware") {
      problems.push(`${place} has hardware, but ${component} is not firmware.`);
    }
    entries.push([version, entry]);
  }
  if (!listed && problems.length === before) checkSum(component, entries, problems);
  return entries;
}

/** `0.2`, `"20%"`, or `{ share, hardware }` with one of the two or both. */
function entryOf(place: string, value: unknown, problems: string[]): Entry {
  if (!isMapping(value)) return { share: shareOf(place, value, problems), hardware: null };
  const stranger = Object.keys(value).find((key) => key !== "share" && key !== "hardware");
  if (stranger !== undefined) {
    problems.push(`${place} has ${quoted(stranger)}; it takes share and hardware.`);
  }
  const { share, hardware } = value;
  return {
    share: share === undefined ? null : shareOf(place, share, problems),
    hardware: hardware === undefined ? null : modelsOf(place, hardware, problems),
  };
}

function shareOf(place: string, value: unknown, problems: string[]): number | null {
  const percent = typeof value === "string" ? parsePercent(value) : null;
  const share = percent === null ? value : percent / 100;
  if (typeof share === "number" && share >= 0 && share <= 1) return share;
  problems.push(
    `${place}: ${quoted(JSON.stringify(value))} is not a share such as 0.2 or "20%", at most 1 or "100%".`,
  );
  return null;
}

function modelsOf(place: string, value: unknown, problems: string[]): readonly string[] | null {
  const models = Array.isArray(value) ? value : [];
  if (models.length > 0 && models.every((model) => typeof model === "string" && model !== "")) {
    return [...new Set<string>(models)].toSorted();
  }
  problems.push(`${place}: hardware must be a list of hardware models, such as ["fan-a1"].`);
  return null;
}

function checkSum(
  component: string,
  entries: readonly (readonly [string, Entry])[],
  problems: string[],
): void {
  const shares = entries.flatMap(([, { share }]) => (share === null ? [] : [share]));
  if (shares.length === 0) return;
  if (shares.length < entries.length) {
    const without = entries.filter(([, { share }]) => share === null).map(([version]) => version);
    problems.push(`${component} has shares for some versions, but none for ${without.join(", ")}.`);
    return;
  }
  const sum = shares.reduce((total, share) => total + share, 0);
  if (Math.abs(sum - 1) <= sumTolerance) return;
  problems.push(`The shares of ${component} add up to ${Number(sum.toFixed(4))}, not to 1.`);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
