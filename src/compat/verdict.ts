/** One version of one component. */
export interface ComponentVersion {
  readonly component: string;
  readonly version: string;
}

/** What a verdict rests on. */
export type Evidence =
  /** One side said what it needs of the other. */
  | {
      readonly kind: "declared";
      readonly by: string;
      readonly requires: string;
      readonly range: string;
      readonly holds: boolean;
    }
  /** Nobody said anything, but both already live together in the field. */
  | { readonly kind: "field" }
  /** The components name each other, but neither of these two versions says anything. */
  | { readonly kind: "silent" }
  /** One of these two versions says nothing, and releases that may have said what it needs are left out. */
  | { readonly kind: "left-out"; readonly releases: readonly string[] }
  /** The components have nothing to do with each other. */
  | { readonly kind: "uncoupled" };

/** The answer about a pair of versions, always with its evidence. Unknown never passes. */
export interface Verdict {
  readonly kind: "compatible" | "incompatible" | "unknown";
  readonly evidence: readonly Evidence[];
}

/** `fan@2.0.0` */
export function formatComponentVersion({ component, version }: ComponentVersion): string {
  return `${component}@${version}`;
}

/** One sentence that says what a verdict rests on. */
export function explainVerdict(a: ComponentVersion, b: ComponentVersion, verdict: Verdict): string {
  return verdict.evidence.map((evidence) => explainEvidence(a, b, evidence)).join("; ");
}

function explainEvidence(a: ComponentVersion, b: ComponentVersion, evidence: Evidence): string {
  const [left, right] = [formatComponentVersion(a), formatComponentVersion(b)];
  switch (evidence.kind) {
    case "declared":
      return `${evidence.by} requires ${evidence.requires} ${evidence.range}, which ${evidence.holds ? "holds" : "does not hold"}`;
    case "field":
      return `${left} and ${right} already live together in the field`;
    case "silent":
      return `neither ${left} nor ${right} says anything about the other`;
    case "left-out":
      return `what ${left} and ${right} need is not known without ${releaseNames(evidence.releases)}, left out`;
    case "uncoupled":
      return `${a.component} and ${b.component} are not coupled`;
  }
}

const namesMax = 3;

function releaseNames(releases: readonly string[]): string {
  const more = releases.length - namesMax;
  const names = releases.slice(0, namesMax).join(", ");
  return `${releases.length === 1 ? "release" : "releases"} ${names}${more > 0 ? ` and ${more} more` : ""}`;
}
