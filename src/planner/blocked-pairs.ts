import type { Relation } from "../compat/relation.ts";
import { type ComponentVersion, explainVerdict, formatComponentVersion } from "../compat/verdict.ts";
import type { BlockedPair } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";

/** Targets that do not fit one another can never both be reached, whatever the order. */
export function finalConflicts({ relation, target, live }: PlanRequest): BlockedPair[] {
  const final = new Map(Object.entries(live).map(([component, versions]) => [component, [...versions]]));
  for (const [component, version] of Object.entries(target)) final.set(component, [version]);
  const pairs: BlockedPair[] = [];
  const components = [...final.keys()].toSorted();
  for (const [index, a] of components.entries()) {
    for (const b of components.slice(index + 1)) {
      if (!(a in target) && !(b in target)) continue;
      for (const version of final.get(a) ?? []) {
        const others = (final.get(b) ?? []).map((other) => ({ component: b, version: other }));
        pairs.push(...blockedPairs({ component: a, version }, others, relation));
      }
    }
  }
  return pairs;
}

/** The pairs of one version with others that are anything but compatible, with their evidence. */
export function blockedPairs(
  a: ComponentVersion,
  others: readonly ComponentVersion[],
  relation: Relation,
): BlockedPair[] {
  return others.flatMap((b) => {
    const { kind, evidence } = relation.verdict(a, b);
    if (kind === "compatible") return [];
    const why = explainVerdict(a, b, { kind, evidence });
    return [{ a: formatComponentVersion(a), b: formatComponentVersion(b), verdict: kind, evidence: why }];
  });
}
