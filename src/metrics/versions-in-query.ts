/** What a query may name versions by: a regular expression of them takes its place. */
export const versionsWord = "$versions";

export interface VersionsPlace {
  readonly index: number;
  /** What opens the literal of PromQL that it stands in; null outside of one. */
  readonly quote: string | null;
  /** The operator before that literal; null when there is none. */
  readonly operator: string | null;
}

/** String literals, ended or not; comments, where nothing is said, come with them. */
const literals = /#[^\n]*|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?/gs;
const words = /\$versions(?!\w)/g;

/** Where a query of PromQL names versions, in order. */
export function versionsIn(query: string): VersionsPlace[] {
  const spans = [...query.matchAll(literals)].map(({ 0: text, index }) => ({ text, index }));
  return [...query.matchAll(words)].flatMap(({ index }): VersionsPlace[] => {
    const span = spans.find((found) => found.index <= index && index < found.index + found.text.length);
    if (!span) return [{ index, quote: null, operator: null }];
    if (span.text.startsWith("#")) return [];
    const operator = /(=~|!~|!=|=)\s*$/.exec(query.slice(0, span.index))?.[1] ?? null;
    return [{ index, quote: span.text[0]!, operator }];
  });
}

/** The query with a regular expression of RE2 for any of these versions, at least one, where it names versions. */
export function fillVersions(query: string, versions: readonly [string, ...string[]]): string {
  const pattern = `(?:${versions.map(escapeForRe2).join("|")})`;
  let filled = query;
  for (const { index, quote } of versionsIn(query).toReversed()) {
    const written = quote === "`" ? pattern : pattern.replaceAll("\\", "\\\\");
    filled = filled.slice(0, index) + written + filled.slice(index + versionsWord.length);
  }
  return filled;
}

/** Versions are what devices say, so they may hold anything: quotes, line ends, half a character. */
function escapeForRe2(version: string): string {
  return version.replaceAll(/[^\w-]/gu, (character) =>
    character === "." || character === "+"
      ? `\\${character}`
      : `\\x{${character.codePointAt(0)!.toString(16)}}`,
  );
}
