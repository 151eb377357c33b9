import { IotctlError } from "../../base/errors.ts";
import type { ComponentVersion, LiveSets, Relation } from "../../compat/relation.ts";
import { compareVersions } from "../../compat/versions.ts";
import type { Plan } from "../../planner/plan.ts";

/** Every app and firmware version a simulation can meet, numbered from 1; 0 is none. Higher versions of a component have higher numbers. */
export interface Lineup {
  readonly apps: readonly ComponentVersion[];
  readonly firmwares: readonly ComponentVersion[];
  /** Hardware models, numbered from 0. */
  readonly models: readonly string[];
  /** Numbers of the firmwares that a plan stages; a device that keeps one ready holds its place here, counted from 1. */
  readonly staged: readonly number[];
}

/** Each fits a byte, with 0 for none. */
const versionsMax = 256;

const nobody: ComponentVersion = { component: "", version: "" };

export type KindOf = (component: string) => "app" | "firmware" | "service";

/** Numbers what is known of, lives in the field or is the target. */
export function lineUp(options: {
  readonly relation: Relation;
  readonly field: LiveSets;
  readonly target: Readonly<Record<string, string>>;
  readonly plan: Plan;
  readonly kindOf: KindOf;
}): Lineup {
  const { field, kindOf, plan, relation, target } = options;
  const apps = [nobody];
  const firmwares = [nobody];
  const models = new Set<string>();
  for (const component of Object.keys(target).toSorted()) {
    const kind = kindOf(component);
    if (kind === "service") continue;
    const versions = new Set([...relation.versions(component), ...(field[component] ?? [])]);
    versions.add(target[component] ?? "");
    for (const version of [...versions].toSorted(compareVersions)) {
      (kind === "app" ? apps : firmwares).push({ component, version });
      for (const model of relation.facts(component, version)?.hardware ?? []) models.add(model);
    }
  }
  for (const [what, versions] of Object.entries({ app: apps, firmware: firmwares })) {
    if (versions.length <= versionsMax) continue;
    throw new IotctlError(
      "IOT_SIMULATION_TOO_MANY_VERSIONS",
      `There are ${versions.length - 1} ${what} versions, and a simulation tells ${versionsMax - 1} apart.`,
      { hints: ["Leave versions out of `known:` that nobody runs any more"] },
    );
  }
  const staged = plan.steps.filter((step) => step.staged).map((step) => numberOf(firmwares, step));
  return { apps, firmwares, models: [...models].toSorted(), staged };
}

/** The lowest and the highest number of a component. */
export function rangeOf(versions: readonly ComponentVersion[], component: string): readonly [number, number] {
  const isOwn = (each: ComponentVersion): boolean => each.component === component;
  return [versions.findIndex(isOwn), versions.findLastIndex(isOwn)];
}

/** The number of a version; 0 when the lineup does not have it. */
export function numberOf(
  versions: readonly ComponentVersion[],
  { component, version }: ComponentVersion,
): number {
  const found = versions.findIndex((each) => each.component === component && each.version === version);
  return Math.max(found, 0);
}
