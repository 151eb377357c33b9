import { nearestName } from "../base/nearest-name.ts";
import type { VersionFacts } from "../compat/relation.ts";
import type { GivenField } from "./load-field.ts";

/**
 * Hardware models of a field that no known version has an image for, as sentences: written wrong, such a
 * model would look like one that can never be updated. A version that is said to be stuck may be on any.
 */
export function fieldHardwareProblems(
  hardware: GivenField["hardware"],
  facts: readonly VersionFacts[],
): string[] {
  return Object.entries(hardware).flatMap(([component, versions]) => {
    const own = facts.filter((fact) => fact.component === component);
    const models = new Set(own.flatMap((fact) => fact.hardware));
    const stuck = new Set(own.filter((fact) => fact.stuck !== undefined).map(({ version }) => version));
    return Object.entries(versions).flatMap(([version, named]) =>
      named
        .filter((model) => !models.has(model) && !stuck.has(version))
        .map((model) => {
          const nearest = nearestName(model, models);
          const hint =
            nearest === null ? `There are images for ${[...models].join(", ")}.` : `Did you mean ${nearest}?`;
          return `${component} ${version} is on ${model}, and no version of ${component} that is known has an image for that. ${hint}`;
        }),
    );
  });
}
