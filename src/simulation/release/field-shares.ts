import type { LiveSets } from "../../compat/relation.ts";

/** How many use what: component to version to a share of any size; within a component they are weighed against each other. */
export type FieldShares = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Where only the versions are known, each counts the same. */
export function evenShares(live: LiveSets): FieldShares {
  return Object.fromEntries(
    Object.entries(live).map(([component, versions]) => [
      component,
      Object.fromEntries(versions.map((version) => [version, 1])),
    ]),
  );
}
