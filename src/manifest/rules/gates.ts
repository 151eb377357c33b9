import { nearestName } from "../../base/nearest-name.ts";
import { quoted } from "../diagnostic.ts";
import { builtInGates } from "../gate-defaults.ts";
import type { Rule } from "./rule.ts";

/** Stages name gates that exist, and at least one that is not a dry run. */
export const stagesHaveGates: Rule = ({ release, keysAt, error, warning }) => {
  const names = [...new Set([...keysAt(["gates"]), ...Object.keys(builtInGates)])];
  for (const [stage, { name: stageName, gates }] of release.rollout.stages.entries()) {
    const path = ["rollout", "stages", stage, "gates"];
    if (gates.length === 0) {
      warning(path, {
        code: "IOT_MANIFEST_GATE_MISSING",
        message: `Stage ${quoted(stageName)} has no gate, so nothing stops a bad update.`,
        hint: "Leave `gates` out for the built-in `updated`.",
      });
    } else if (gates.every((gate) => release.gates[gate]?.dryRun)) {
      warning(path, {
        code: "IOT_MANIFEST_GATE_MISSING",
        message: `Every gate of stage ${quoted(stageName)} is a dry run, so nothing stops a bad update.`,
        hint: "Add `updated`, or take `dry-run` from one of them.",
      });
    }
    for (const [index, gate] of gates.entries()) {
      if (names.includes(gate)) continue;
      const nearest = nearestName(gate, names);
      error([...path, index], {
        code: "IOT_MANIFEST_GATE_UNKNOWN",
        message: `${quoted(gate)} is not a gate of this release.`,
        hint: nearest === null ? `The gates are ${names.join(", ")}.` : `Did you mean \`${nearest}\`?`,
      });
    }
  }
};
