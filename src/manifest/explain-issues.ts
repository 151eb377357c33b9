import type * as z from "zod/mini";
import { nearestName } from "../base/nearest-name.ts";
import { quoted } from "./diagnostic.ts";
import type { DiagnosticLog } from "./diagnostic-log.ts";
import { nearestNode, nodeAt, type Path, type SourceNode } from "./source-node.ts";
import { valueKind } from "./value-kinds.ts";

type Issue = z.core.$ZodIssue;

/** Says what is wrong with the shape of a manifest, at its place and in its words. */
export function explainIssues(log: DiagnosticLog, root: SourceNode, given: readonly Issue[]): void {
  const issues = given.flatMap(meantAlternative);
  const misspelt = new Set<string>();
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") explainUnknownKeys(log, root, issue, misspelt);
  }
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") continue;
    const node = nodeAt(root, issue.path);
    if (node === null || node.shape === "nothing") {
      if (!misspelt.has(pathKey(issue.path))) explainMissing(log, root, issue.path);
    } else if (!node.unfilled) {
      explainValue(log, node, issue);
    }
  }
}

/** Of several shapes a value may have, the one it visibly was to have says what is wrong inside it. */
function meantAlternative(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const alternatives = issue.errors.filter(
    (inner) => !inner.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  if (alternatives.length !== 1) return [issue];
  return alternatives[0]!.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function explainUnknownKeys(
  log: DiagnosticLog,
  root: SourceNode,
  issue: z.core.$ZodIssueUnrecognizedKeys,
  misspelt: Set<string>,
): void {
  const keys = issue.message.split(" ");
  for (const key of issue.keys) {
    const node = nearestNode(root, [...issue.path, key]);
    const nearest = nearestName(key, keys);
    // A misspelt key explains why the right one is missing; one mistake is one problem.
    if (nearest !== null) misspelt.add(pathKey([...issue.path, nearest]));
    if (/token$|password|secret|passphrase/i.test(key)) {
      log.conceal(node.valueOffset, node.endOffset);
      log.error(node.keyOffset, {
        code: "IOT_MANIFEST_SECRET",
        message: `${quoted(key)} is not a key: secrets never stand in this file.`,
        hint: `Name a variable or a file that holds it instead; the keys here are ${keys.join(", ")}.`,
      });
      continue;
    }
    log.error(node.keyOffset, {
      code: "IOT_MANIFEST_UNKNOWN_KEY",
      message: `${quoted(key)} is not a key ${placeOf(issue.path)}.`,
      hint: nearest === null ? `The keys here are ${keys.join(", ")}.` : `Did you mean \`${nearest}\`?`,
    });
  }
}

function explainMissing(log: DiagnosticLog, root: SourceNode, path: Path): void {
  const node = nodeAt(root, path);
  const name = quoted(String(path.at(-1)));
  const parent = path.length === 1 ? "The file" : quoted(path.slice(0, -1).join("."));
  log.error((node ?? nearestNode(root, path)).keyOffset, {
    code: "IOT_MANIFEST_MISSING_KEY",
    message: node ? `${name} has no value.` : `${parent} has no ${name}.`,
  });
}

function explainValue(log: DiagnosticLog, node: SourceNode, issue: Issue): void {
  const report = (offset: number, message: string, hint?: string | null): void =>
    log.error(offset, { code: "IOT_MANIFEST_BAD_VALUE", message, hint: hint ?? null });
  if (issue.code === "invalid_key") {
    const key = String(issue.path.at(-1));
    const kind = valueKind(issue.issues[0]?.message ?? "");
    report(
      node.keyOffset,
      `${quoted(key)} is not ${kind?.what ?? "a key that can stand here"}.`,
      kind?.hint?.(key),
    );
    return;
  }
  const kind = valueKind(issue.message);
  const hides = kind?.concealed || hasPassword(node.text);
  if (hides) log.conceal(node.valueOffset, node.endOffset);
  const said = node.text === null ? `This ${node.shape}` : hides ? "What stands here" : quoted(node.text);
  const allowed = allowedValues(issue);
  if (allowed) {
    const nearest = node.text === null ? null : nearestName(node.text, allowed);
    const names = allowed.map((value) => `\`${value}\``).join(", ");
    const message = `${said} is ${allowed.length > 1 ? "none of" : "not"} ${names}.`;
    report(node.valueOffset, message, nearest && allowed.length > 1 ? `Did you mean \`${nearest}\`?` : null);
    return;
  }
  if (node.text !== null && kind?.accepts?.(node.text)) {
    report(node.valueOffset, `${said} is not text to YAML.`, `Put it in quotes: "${node.text}"`);
    return;
  }
  const hint = node.text === null ? kind?.shapeHint : kind?.hint?.(node.text);
  report(node.valueOffset, `${said} is not ${kind?.what ?? expectedShape(issue)}.`, hint);
}

/** Where a mapping should stand, somebody may have put an address with all that is in it. */
function hasPassword(text: string | null): boolean {
  return text !== null && /:\/\/[^/\s]*@/.test(text);
}

function allowedValues(issue: Issue): string[] | null {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code === "invalid_union" && "options" in issue && Array.isArray(issue.options))
    return issue.options.map(String);
  return null;
}

function expectedShape(issue: Issue): string {
  const expected = issue.code === "invalid_type" ? issue.expected : "";
  if (expected === "object" || expected === "record") return "a mapping";
  return expected === "array" ? "a list" : "what can stand here";
}

function placeOf(path: Path): string {
  return path.length === 0 ? "at the top" : `of ${quoted(path.join("."))}`;
}

const pathKey = (path: Path): string => path.join("\0");
