import { orderVersions, satisfies } from "../compat/versions.ts";
import type { Part, VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";

/**
 * The versions of an app that a firmware fits, as a range: the declared one where it says exactly
 * which known versions fit, else those versions.
 */
export function guardRange(problem: Problem, firmware: VersionId, app: Part): string {
  const { live, relation } = problem.request;
  const own = { component: problem.partOf(firmware).component, version: problem.versionOf(firmware) };
  const versions = [
    ...new Set([...relation.versions(app.component), ...(live[app.component] ?? [])]),
  ].toSorted(orderVersions);
  const fits = (version: string): boolean =>
    relation.verdict(own, { component: app.component, version }).kind === "compatible";
  const declared = relation.facts(own.component, own.version)?.requires[app.component];
  const isExact =
    declared !== undefined && versions.every((version) => satisfies(version, declared) === fits(version));
  return isExact ? declared : versions.filter(fits).join(" || ");
}
