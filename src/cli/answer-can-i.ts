import type { MatrixRow } from "../compat/compatibility-matrix.ts";
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

/** One `component@version`, whatever the field runs, or every version that the manifest knows. */
export type Opponents =
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "field" }
  | { readonly kind: "known" };

export interface CanIAnswer {
  readonly subject: string;
  readonly verdict: Verdict["kind"];
  readonly matrix: readonly MatrixRow[];
}

/** Holds one version against others. The environment is opened only to look at the field. */
export async function answerCanI(
  { against, release, subject }: CanIQuestion,
  openContext: () => Promise<Context>,
  nowMs: number,
): Promise<CanIAnswer> {
  const { compatibilityMatrix, coupledVersions, overallVerdict } =
    await import("../compat/compatibility-matrix.ts");
  const { createRelation } = await import("../compat/relation.ts");
  const { factsOfRelease } = await import("../manifest/release-facts.ts");
  const facts = factsOfRelease(release);
  const known = createRelation(facts);
  const one = componentVersion(subject, known);
  const live = against.kind === "field" ? await liveVersions(release, await openContext(), nowMs) : {};
  const opponents = (): ComponentVersion[] => {
    switch (against.kind) {
      case "version":
        return [componentVersion(against.version, known)];
      case "known":
        return coupledVersions(one, known);
      case "field":
        return Object.entries(live)
          .filter(([component]) => known.coupled(one.component, component))
          .flatMap(([component, versions]) => versions.map((version) => ({ component, version })));
    }
  };
  const matrix = compatibilityMatrix(one, opponents(), createRelation(facts, live));
  return { subject, verdict: overallVerdict(matrix), matrix };
}

async function liveVersions(
  release: Release,
  context: Context,
  nowMs: number,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const { observeLiveField } = await import("../rollout/live-field.ts");
  const ports = {
    fleet: await context.fleet(),
    storefront: await context.storefront(),
    journals: await context.journals(),
  };
  return (await observeLiveField(release, ports, nowMs)).live;
}
