import semverCoerce from "semver/functions/coerce.js";
import semverParse from "semver/functions/parse.js";
import Range from "semver/classes/range.js";
import type Comparator from "semver/classes/comparator.js";
import SemVer from "semver/classes/semver.js";

const options = { includePrerelease: true } as const;

/** A version that has been read, to be tested against many ranges. */
export type ParsedVersion = SemVer;
/** A range that has been read, to test many versions. */
export type ParsedRange = Range;

/** Whether the text is a semver version exactly as semver.org 2.0 writes it (no `v`, no spaces). */
export function isVersion(text: string): boolean {
  // semver trims and drops a leading v; what is written into manifests and file names must not need that.
  return /^\d\S*$/.test(text) && semverParse(text) !== null;
}

/** The version that was probably meant (`4.2` gives `4.2.0`), or null when nothing is near. */
export function nearestVersion(text: string): string | null {
  return semverCoerce(text, options)?.version ?? null;
}

/** Whether the text is a semver range; the empty text is not one. */
export function isRange(text: string): boolean {
  return text.trim() !== "" && parseRange(text) !== null;
}

/** Whether a version lies in a range, prereleases included. False when either is malformed. */
export function satisfies(version: string, range: string): boolean {
  return parseRange(range)?.test(version) ?? false;
}

/**
 * The same of what has been read already. npm's own `range.test(version)` reads both anew where
 * prereleases are included.
 */
export function liesIn(version: ParsedVersion, range: ParsedRange): boolean {
  return range.set.some((comparators) => comparators.every((comparator) => holds(comparator, version)));
}

function holds({ operator, semver, value }: Comparator, version: ParsedVersion): boolean {
  // `*` stands for no comparison at all.
  if (value === "") return true;
  const order = version.compare(semver);
  switch (operator) {
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
    case "":
    case undefined:
      return order === 0;
  }
}

/**
 * Negative when `a` is lower, positive when it is higher; build metadata does not count. What is no
 * version, as a device may report anything, comes below all that are.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [semverParse(a), semverParse(b)];
  if (left && right) return left.compare(right);
  if (left || right) return left ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Reads a version as generously as ranges do (`v1.2.3` too); null when it is none. */
export function parseVersion(text: string): ParsedVersion | null {
  try {
    return new SemVer(text, options);
  } catch {
    return null;
  }
}

/** Reads a range; null when it is none. */
export function parseRange(range: string): ParsedRange | null {
  try {
    return new Range(range, options);
  } catch {
    return null;
  }
}

/** The same as a total order: versions that differ in build metadata only stand in the order of their text. */
export function orderVersions(a: string, b: string): number {
  return compareVersions(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
