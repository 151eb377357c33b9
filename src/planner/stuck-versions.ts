import { securityCounter } from "../compat/relation.ts";
import { compareVersions, orderVersions } from "../compat/versions.ts";
import type { StuckVersion } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";
import { type DeviceGroup, updatePaths } from "./update-paths.ts";

/** The live versions of a component that can never leave the field, lowest first, and why. */
export function stuckVersions(
  request: PlanRequest,
  component: string,
  ways: readonly DeviceGroup[] = updatePaths(request, component),
): StuckVersion[] {
  const { live, relation } = request;
  const target = request.target[component];
  if (target === undefined) return [];
  return (live[component] ?? [])
    .filter((version) => version !== target)
    .toSorted(orderVersions)
    .flatMap((version) => {
      const facts = relation.facts(component, version);
      const kind = relation.facts(component, target)?.kind ?? facts?.kind;
      const why = facts?.stuck ?? (kind === "app" ? aboveTarget(version, target) : null);
      const stuck = why ?? (kind === "firmware" ? noWay(request, component, version, ways) : null);
      return stuck === null ? [] : [{ component, version, why: stuck }];
    });
}

function aboveTarget(version: string, target: string): string | null {
  return compareVersions(version, target) > 0 ? `it is above ${target}, and stores never go back` : null;
}

function noWay(
  request: PlanRequest,
  component: string,
  version: string,
  ways: readonly DeviceGroup[],
): string | null {
  const lost = ways.find((group) => group.start === version && !group.arrives);
  if (!lost) return null;
  const target = request.target[component]!;
  const facts = request.relation.facts(component, target);
  if (facts && !facts.hardware.includes(lost.hardware)) return `${target} has no image for ${lost.hardware}`;
  const counter = (each: string): number => securityCounter(request.relation, component, each);
  if (counter(target) < counter(version))
    return `it has security counter ${counter(version)}, and ${target} has ${counter(target)}`;
  const range = facts?.installsOver ?? `<${target}`;
  return `no way of images leads from it to ${target}, which installs over ${range}`;
}
