import type { Relation } from "../../compat/relation.ts";
import { compareVersions } from "../../compat/versions.ts";
import { modelsOf } from "./known-versions.ts";
import type { RolloutConfig } from "./state.ts";

/**
 * How many installations away from the target the versions are that the plan introduces, on one
 * hardware model. A version that leads nowhere is not among them: who took it could never leave it.
 */
export function waysToTarget(
  config: RolloutConfig,
  component: string,
  model: string,
  relation: Relation,
): ReadonlyMap<string, number> {
  const introduced = config.plan.steps
    .filter((step) => step.action === "introduce" && step.component === component)
    .map(({ version }) => version)
    .filter((version) => modelsOf(config, component, version).includes(model));
  const target = config.resolved.components[component]?.version;
  const distances = new Map<string, number>();
  if (target === undefined || !introduced.includes(target)) return distances;
  distances.set(target, 0);
  for (const [reached, distance] of distances) {
    for (const version of introduced) {
      if (distances.has(version) || !relation.installsOver({ component, version: reached }, version))
        continue;
      distances.set(version, distance + 1);
    }
  }
  return distances;
}

/**
 * Whether going from one version to another leads on. Upwards does, and so does what is nearer to the
 * target; but nobody leaves the target, and to a version off the way any version on it is progress.
 */
export function leadsOn(ways: ReadonlyMap<string, number>, from: string | null, to: string): boolean {
  const next = ways.get(to);
  if (next === undefined || from === to) return false;
  const here = from === null ? undefined : ways.get(from);
  if (from === null || here === undefined) return true;
  return here > 0 && (next < here || compareVersions(to, from) > 0);
}
