import { parsePercent } from "../base/percentages.ts";
import { isVersion, nearestVersion } from "../compat/versions.ts";
import { quoted } from "./diagnostic.ts";

/** What a field file says of one version in use. */
export interface FieldEntry {
  /** 0 to 1; null when the file gives none. */
  readonly share: number | null;
  /** Hardware models, sorted; null when the file names none. */
  readonly hardware: readonly string[] | null;
}

const versionsMax = 200;
/** Shares are written with few digits, so that thirds add up to 0.99. */
const sumTolerance = 0.0101;

/**
 * The versions that a field file gives a component, as a list or with their shares; what is wrong with
 * them goes into `problems`, as sentences.
 */
export function readFieldEntries(
  component: string,
  given: unknown,
  isFirmware: boolean,
  problems: string[],
): (readonly [string, FieldEntry])[] {
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
  const entries: (readonly [string, FieldEntry])[] = [];
  const seen = new Set<string>();
  for (const [version, value] of pairs) {
    if (typeof version !== "string" || !isVersion(version)) {
      const nearest = typeof version === "object" ? null : nearestVersion(String(version));
      const hint = nearest === null ? "" : `; the nearest one is ${nearest}`;
      problems.push(`${component}: ${quoted(JSON.stringify(version))} is not a semantic version${hint}.`);
      continue;
    }
    if (seen.has(version)) problems.push(`${component} has ${version} twice.`);
    seen.add(version);
    const place = `${component} ${version}`;
    const entry = listed ? { share: null, hardware: null } : entryOf(place, value, problems);
    if (entry.hardware && !isFirmware) {
      problems.push(`${place} has hardware, but ${component} is not firmware.`);
    }
    entries.push([version, entry]);
  }
  if (!listed && problems.length === before) checkSum(component, entries, problems);
  return entries;
}

/** `0.2`, `"20%"`, or `{ share, hardware }` with one of the two or both. */
function entryOf(place: string, value: unknown, problems: string[]): FieldEntry {
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
  entries: readonly (readonly [string, FieldEntry])[],
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

/** Whether a JSON value is an object with members. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
