import { isMap, type Node, parseDocument, type YAMLError } from "yaml";
import { messageOf } from "../base/errors.ts";
import type { DiagnosticLog } from "./diagnostic-log.ts";
import { ManifestReader, type ReadOptions } from "./manifest-reader.ts";
import type { SourceNode } from "./source-node.ts";

const syntaxErrorsMax = 5;

export interface ParsedManifest {
  /** Mappings without a prototype, lists, text, numbers, booleans and null. */
  readonly value: unknown;
  readonly root: SourceNode;
}

/**
 * YAML text to a value and the place of each part of it. Problems go to the log; null when there is
 * no value to go on with.
 */
export function parseManifest(log: DiagnosticLog, options: ReadOptions): ParsedManifest | null {
  const contents = parseYaml(log);
  if (contents === null) return null;
  if (!isMap(contents)) {
    reportSyntax(
      log,
      contents.range?.[0] ?? 0,
      "The file is not a mapping (lines of `key: value`) at the top.",
    );
    return null;
  }
  const read = new ManifestReader(log, options).read(contents);
  return read && { value: read.value, root: read.source };
}

function parseYaml(log: DiagnosticLog): Node | null {
  try {
    // The library looks for duplicate keys in quadratic time, so the reader below does it.
    const document = parseDocument(log.source, { uniqueKeys: false, prettyErrors: false, logLevel: "error" });
    const problems = [...document.errors, ...document.warnings];
    for (const problem of independent(problems)) reportSyntax(log, problem.pos[0], problem.message);
    if (problems.length > 0) return null;
    if (document.contents === null) reportSyntax(log, 0, "The file holds no value.");
    return document.contents;
  } catch (error) {
    reportSyntax(log, 0, `The YAML cannot be parsed: ${messageOf(error)}.`);
    return null;
  }
}

/** One slip makes a parser stumble over all that follows it, which nobody wants to read. */
function independent(problems: readonly YAMLError[]): readonly YAMLError[] {
  return problems
    .filter(({ code }, index) => index === 0 || code !== "UNEXPECTED_TOKEN")
    .slice(0, syntaxErrorsMax);
}

function reportSyntax(log: DiagnosticLog, offset: number, message: string): void {
  log.error(offset, { code: "IOT_MANIFEST_SYNTAX", message, hint: syntaxHint(log.source, offset) });
}

function syntaxHint(source: string, offset: number): string | null {
  if (source.slice(Math.max(0, offset - 1), offset + 1) === "${") {
    return 'Between { } or [ ] a variable stands in quotes: "${NAME}".';
  }
  const query = bareQuery.exec(lineAround(source, offset))?.[1];
  return query === undefined ? null : `Put the query in quotes: \`${query}: '...'\`.`;
}

/** A query that begins without a quote, and has braces or brackets, which YAML takes for its own. */
const bareQuery = /(?:^|[\s,{])(query|failures|of):\s+(?!["'|>])[^\n]*[{[]/;

function lineAround(source: string, offset: number): string {
  const from = source.lastIndexOf("\n", offset - 1) + 1;
  const to = source.indexOf("\n", offset);
  return source.slice(from, to === -1 ? undefined : to);
}
