import type { VersionFacts } from "../../src/compat/relation.ts";

/** Facts in one line: `fact("fan", "2.0.0", { requires: { app: ">=4.1.0" } })`; firmware unless the name says otherwise. */
export function fact(component: string, version: string, more: Partial<VersionFacts> = {}): VersionFacts {
  const kind = component.startsWith("app") ? "app" : component.startsWith("cloud") ? "service" : "firmware";
  return {
    component,
    version,
    kind,
    requires: {},
    hardware: kind === "firmware" ? ["a1"] : [],
    installable: true,
    ...more,
  };
}
