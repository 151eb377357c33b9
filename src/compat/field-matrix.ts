import type { LiveSets, Relation } from "./relation.ts";
import { type ComponentVersion, explainVerdict, formatComponentVersion, type Verdict } from "./verdict.ts";
import { compareVersions } from "./versions.ts";

export interface MatrixComponent {
  readonly component: string;
  /** Lowest first. */
  readonly versions: readonly MatrixVersion[];
}

export interface MatrixVersion {
  readonly version: string;
  /** It may be in use now. */
  readonly live: boolean;
  /** The release brings it. */
  readonly target: boolean;
}

/** One pair of versions of coupled components. */
export interface MatrixCell {
  /** `app-ios@4.2.0`; its component comes before that of `b`. */
  readonly a: string;
  readonly b: string;
  readonly verdict: Verdict["kind"];
  readonly evidence: string;
  /** Whether either version says what it needs of the other's component. */
  readonly declared: boolean;
  /** Both may be in use now, so they may meet today. */
  readonly live: boolean;
}

export interface FieldMatrix {
  /** By name. */
  readonly components: readonly MatrixComponent[];
  /** Every pair of versions of every two coupled components. */
  readonly cells: readonly MatrixCell[];
}

/** The relation over what lives in the field and what a release brings: component to version. */
export function fieldMatrix(
  relation: Relation,
  live: LiveSets,
  target: Readonly<Record<string, string>>,
): FieldMatrix {
  const names = [...new Set([...Object.keys(live), ...Object.keys(target)])].toSorted();
  const components = names.map((component) => ({
    component,
    versions: versionsOf(live[component] ?? [], target[component]),
  }));
  const cells = components.flatMap((one, index) =>
    components
      .slice(index + 1)
      .filter((other) => relation.coupled(one.component, other.component))
      .flatMap((other) => cellsOf(one, other, relation)),
  );
  return { components, cells };
}

function versionsOf(live: readonly string[], target: string | undefined): MatrixVersion[] {
  const all = new Set(target === undefined ? live : [...live, target]);
  return [...all].toSorted(compareVersions).map((version) => ({
    version,
    live: live.includes(version),
    target: version === target,
  }));
}

function cellsOf(one: MatrixComponent, other: MatrixComponent, relation: Relation): MatrixCell[] {
  return one.versions.flatMap((left) =>
    other.versions.map((right) => {
      const a: ComponentVersion = { component: one.component, version: left.version };
      const b: ComponentVersion = { component: other.component, version: right.version };
      const verdict = relation.verdict(a, b);
      return {
        a: formatComponentVersion(a),
        b: formatComponentVersion(b),
        verdict: verdict.kind,
        evidence: explainVerdict(a, b, verdict),
        declared: verdict.evidence.some(({ kind }) => kind === "declared"),
        live: left.live && right.live,
      };
    }),
  );
}
