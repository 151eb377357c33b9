import type * as z from "zod/mini";
import type { Path } from "./source-node.ts";

/** How deep a schema can nest; each round removes at least one level. */
const roundsMax = 12;
/** A file with more mistakes than this is not looked into further. */
const removedMax = 500;

export interface ValidPart<Value> {
  readonly value: Value;
  /** Paths of what was left out. */
  readonly removed: readonly Path[];
}

/**
 * What remains of a value when everything its schema refuses is left out, so that rules about the
 * rest can still be checked; null when nothing does.
 */
export function validPart<Value>(schema: z.ZodMiniType<Value>, value: unknown): ValidPart<Value> | null {
  const removed: Path[] = [];
  let part = value;
  for (let round = 0; round < roundsMax; round++) {
    const result = schema.safeParse(part);
    if (result.success) return { value: result.data, removed };
    const broken = result.error.issues.flatMap((issue) => brokenPaths(issue, part));
    if (broken.some((path) => path.length === 0) || removed.length + broken.length > removedMax) return null;
    removed.push(...broken);
    part = without(part, broken);
  }
  return null;
}

function brokenPaths(issue: z.core.$ZodIssue, root: unknown): Path[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => [...issue.path, key]);
  const path = [...issue.path];
  // What is missing cannot be left out, so the mapping that lacks it is.
  if (valueAt(root, path) === undefined) path.pop();
  // Leaving an item out of a list would shift the ones after it away from their places in the file.
  if (Array.isArray(valueAt(root, path.slice(0, -1)))) path.pop();
  return [path];
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    value =
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return value;
}

function without(value: unknown, paths: readonly Path[]): unknown {
  if (paths.length === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item, index) => without(item, below(paths, index)));
  const rest = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    const inside = below(paths, key);
    return inside.some((path) => path.length === 0) ? [] : [[key, without(child, inside)]];
  });
  return Object.fromEntries(rest);
}

function below(paths: readonly Path[], key: PropertyKey): Path[] {
  return paths.filter((path) => path[0] === key).map((path) => path.slice(1));
}
