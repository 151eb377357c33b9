import { IotctlError } from "../base/errors.ts";
import { nearestName } from "../base/nearest-name.ts";
import { parseComponentVersion } from "../compat/parse-component-version.ts";
import type { Relation } from "../compat/relation.ts";
import type { ComponentVersion } from "../compat/verdict.ts";

/** A `component@version` that was typed. Throws IOT_USAGE when it is not one. */
export function typedComponentVersion(text: string): ComponentVersion {
  const parsed = parseComponentVersion(text);
  if (parsed === null) {
    throw new IotctlError("IOT_USAGE", `\`${text}\` is not a component and a version, such as fan@2.0.0.`);
  }
  return parsed;
}

/** The same for a component of a relation; one that it does not have is IOT_USAGE too. */
export function componentVersion(text: string, relation: Relation): ComponentVersion {
  const parsed = typedComponentVersion(text);
  const components = relation.components();
  if (!components.includes(parsed.component)) {
    const nearest = nearestName(parsed.component, components);
    throw new IotctlError(
      "IOT_USAGE",
      `There is no component \`${parsed.component}\`; the manifest has ${components.join(", ")}.`,
      { hints: nearest === null ? [] : [`iotctl can-i ${nearest}@${parsed.version}`] },
    );
  }
  return parsed;
}
