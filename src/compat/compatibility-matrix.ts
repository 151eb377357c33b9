import type { Relation } from "./relation.ts";
import { type ComponentVersion, explainVerdict, formatComponentVersion, type Verdict } from "./verdict.ts";

export interface MatrixRow {
  /** `fan@2.0.0` */
  readonly other: string;
  readonly verdict: Verdict["kind"];
  readonly evidence: string;
}

/** How one version stands with each of the others, in their order. */
export function compatibilityMatrix(
  subject: ComponentVersion,
  others: readonly ComponentVersion[],
  relation: Relation,
): MatrixRow[] {
  return others.map((other) => {
    const verdict = relation.verdict(subject, other);
    const evidence = explainVerdict(subject, other, verdict);
    return { other: formatComponentVersion(other), verdict: verdict.kind, evidence };
  });
}

/** One answer for all rows: a single incompatible pair decides, then a single unknown one. */
export function overallVerdict(rows: readonly MatrixRow[]): Verdict["kind"] {
  const kinds = rows.map((row) => row.verdict);
  if (kinds.includes("incompatible")) return "incompatible";
  return kinds.includes("unknown") ? "unknown" : "compatible";
}

/** Every known version of every component that is coupled with the subject's. */
export function coupledVersions(subject: ComponentVersion, relation: Relation): ComponentVersion[] {
  return relation
    .components()
    .filter((component) => relation.coupled(subject.component, component))
    .flatMap((component) => relation.versions(component).map((version) => ({ component, version })));
}
