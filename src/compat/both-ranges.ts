import subset from "semver/ranges/subset.js";
import { parseRange } from "./versions.ts";

/** Longer than anything written by hand; alternatives multiply with every range that is added. */
const charactersMax = 1000;
/** What no version lies in. */
const nothing = "<0.0.0-0";

/**
 * The range of the versions that lie in both; one that is the narrower already stays as it was written.
 * Of what cannot be read, or would become very long, no version is in it.
 */
export function bothRanges(a: string, b: string): string {
  const [left, right] = [parseRange(a), parseRange(b)];
  if (!left || !right) return nothing;
  if (subset(left, right, { includePrerelease: true })) return a;
  if (subset(right, left, { includePrerelease: true })) return b;
  const both = alternatives(a).flatMap((one) => alternatives(b).map((other) => `${one} ${other}`));
  const text = both.join(" || ");
  return text.length > charactersMax ? nothing : text;
}

function alternatives(range: string): string[] {
  return range.split("||").map((alternative) => {
    // `1.0.0 - 2.0.0` may only stand alone.
    const isSpan = /\s-\s/.test(alternative);
    return (isSpan ? parseRange(alternative)?.range : undefined) ?? alternative.trim();
  });
}
