import { compareVersions } from "../../compat/versions.ts";
import type { Rule } from "./rule.ts";

/** Hardware refuses a counter below the one it ran, so a release with a lower one leaves its devices behind. */
export const securityCountersNeverFall: Rule = ({ release, warning }) => {
  for (const [component, value] of Object.entries(release.components)) {
    if (value.kind !== "firmware") continue;
    const own = value.securityCounter ?? 0;
    for (const [version, { securityCounter = 0 }] of Object.entries(release.known[component] ?? {})) {
      if (securityCounter <= own || compareVersions(version, value.version) > 0) continue;
      warning(
        value.securityCounter === undefined
          ? ["components", component]
          : ["components", component, "security-counter"],
        {
          code: "IOT_MANIFEST_COUNTER_FALLS",
          message: `${component} ${value.version} has security counter ${own}, and ${component} ${version} has ${securityCounter}: no device can go from one to the other.`,
          hint: `Build it with security-counter ${securityCounter} or above, and say so here.`,
        },
      );
    }
  }
};
