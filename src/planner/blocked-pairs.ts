import type { Relation } from "../compat/relation.ts";
import { type ComponentVersion, explainVerdict, formatComponentVersion } from "../compat/verdict.ts";
import type { BlockedPair } from "./plan.ts";

/** A pair that is anything but compatible, with its evidence; null when the two fit. */
export function blockedPair(
  a: ComponentVersion,
  b: ComponentVersion,
  relation: Relation,
): BlockedPair | null {
  const verdict = relation.verdict(a, b);
  if (verdict.kind === "compatible") return null;
  const evidence = explainVerdict(a, b, verdict);
  return { a: formatComponentVersion(a), b: formatComponentVersion(b), verdict: verdict.kind, evidence };
}
