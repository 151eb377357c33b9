import type { LiveSets, Relation } from "../../src/compat/relation.ts";

/**
 * Whether a safe order exists at all, by breadth-first search over live sets: introduce a target
 * once, retire an old version once its target is there; every pair that lives must be compatible
 * wherever a target is part of it. Knows nothing of how the planner works.
 */
export function orderExists(
  relation: Relation,
  live: LiveSets,
  target: Readonly<Record<string, string>>,
): boolean {
  const start = new Set(
    Object.entries(live).flatMap(([component, versions]) => versions.map((v) => `${component}@${v}`)),
  );
  const goal = Object.entries(target).map(([component, version]) => `${component}@${version}`);
  const key = (state: ReadonlySet<string>): string => [...state].toSorted().join(" ");
  const seen = new Set([key(start)]);
  const queue = [start];
  for (let state = queue.shift(); state; state = queue.shift()) {
    if (state.size === goal.length && goal.every((item) => state.has(item))) return true;
    for (const next of successors(state, target)) {
      if (seen.has(key(next)) || !isSafe(next, relation, target)) continue;
      seen.add(key(next));
      queue.push(next);
    }
  }
  return false;
}

function successors(state: ReadonlySet<string>, target: Readonly<Record<string, string>>): Set<string>[] {
  const found: Set<string>[] = [];
  for (const [component, version] of Object.entries(target)) {
    const item = `${component}@${version}`;
    if (!state.has(item)) found.push(new Set([...state, item]));
    else {
      for (const other of state) {
        if (other.startsWith(`${component}@`) && other !== item) {
          found.push(new Set([...state].filter((each) => each !== other)));
        }
      }
    }
  }
  return found;
}

function isSafe(
  state: ReadonlySet<string>,
  relation: Relation,
  target: Readonly<Record<string, string>>,
): boolean {
  const versions = [...state].map((item) => {
    const [component = "", version = ""] = item.split("@");
    return { component, version };
  });
  return versions.every((a) =>
    versions.every(
      (b) =>
        a.component === b.component ||
        (target[a.component] !== a.version && target[b.component] !== b.version) ||
        relation.verdict(a, b).kind === "compatible",
    ),
  );
}
