import type { MatrixRow } from "../compat/compatibility-matrix.ts";
import type { LiveSets, Relation } from "../compat/relation.ts";
import type { ComponentVersion, Verdict } from "../compat/verdict.ts";
import type { Release } from "../manifest/release.ts";
import { componentVersion } from "./component-version.ts";
import type { Context } from "./context.ts";

export interface CanIQuestion {
  /** `component@version`, as typed. */
  readonly subject: string;
  /** Who it would meet. */
  readonly against: Opponents;
  readonly release: Release;
}

/** One `component@version`, whatever the field runs (a file may say what), or every version that is known. */
export type Opponents =
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "field"; readonly file: string | undefined }
  | { readonly kind: "known" };

export interface CanIAnswer {
  readonly subject: string;
  readonly verdict: Verdict["kind"];
  readonly matrix: readonly MatrixRow[];
}

/**
 * Holds one version against others, by the manifest and the published releases; the field is looked at
 * only where the question is about it. `warnings` says which facts do not count.
 */
export async function answerCanI(
  { against, release, subject }: CanIQuestion,
  context: Context,
  nowMs: number,
): Promise<{ readonly answer: CanIAnswer; readonly warnings: readonly string[] }> {
  const { compatibilityMatrix, coupledVersions, overallVerdict } =
    await import("../compat/compatibility-matrix.ts");
  const { createRelation } = await import("../compat/relation.ts");
  const { factsOfRelease } = await import("../manifest/release-facts.ts");
  const named = createRelation(factsOfRelease(release));
  // What was typed wrong is told before anything remote is asked.
  const one = componentVersion(subject, named);
  const other = against.kind === "version" ? componentVersion(against.version, named) : null;
  const { live, relation, warnings } =
    against.kind === "field"
      ? await lookAt(release, context, { nowMs, fieldFile: against.file })
      : await readKnown(release, context);
  const opponents = other
    ? [other]
    : live
      ? coupledLive(one, live, relation)
      : coupledVersions(one, relation);
  const matrix = compatibilityMatrix(one, opponents, relation);
  return { answer: { subject, verdict: overallVerdict(matrix), matrix }, warnings };
}

interface Known {
  readonly relation: Relation;
  /** Null when the field was not looked at. */
  readonly live: LiveSets | null;
  readonly warnings: readonly string[];
}

async function lookAt(
  release: Release,
  context: Context,
  options: { readonly nowMs: number; readonly fieldFile: string | undefined },
): Promise<Known> {
  const { lookAtField } = await import("./release/look-at-field.ts");
  return lookAtField(release, context, options);
}

async function readKnown(release: Release, context: Context): Promise<Known> {
  const { createRelation } = await import("../compat/relation.ts");
  const { readFacts } = await import("./release/read-facts.ts");
  const { facts, index, warnings } = await readFacts(release, context);
  return { relation: createRelation(facts, {}, index.leftOut), live: null, warnings };
}

function coupledLive(one: ComponentVersion, live: LiveSets, relation: Relation): ComponentVersion[] {
  return Object.entries(live)
    .filter(([component]) => relation.coupled(one.component, component))
    .flatMap(([component, versions]) => versions.map((version) => ({ component, version })));
}
