import { parseDuration } from "../base/durations.ts";
import { parsePercent } from "../base/percentages.ts";
import { gateDefaults } from "./gate-defaults.ts";
import type { GateInput, MetricGateInput } from "./gate-schema.ts";
import type { Gate, MetricBound } from "./release.ts";

/** The gate that a valid entry of `gates` means, with every default filled in. */
export function normaliseGate(input: GateInput): Gate {
  const basics = {
    deadlineMs: input.deadline ? parseDuration(input.deadline)! : gateDefaults.deadlineMs,
    ...(input["no-data"] === "fail" && { noData: "fail" as const }),
    ...(input["dry-run"] && { dryRun: true as const }),
  };
  switch (input.measure) {
    case "update-failure":
    case "silent-after-update":
      return { measure: input.measure, ...rateLimit(input), ...basics };
    case "count": {
      const { failures, measure, of } = input;
      return { measure, failures, of, ...rateLimit(input), ...asked(input), ...basics };
    }
    case "metric": {
      const { measure, query, readings = gateDefaults.readings } = input;
      return { measure, query, bound: boundOf(input), readings, ...asked(input), ...basics };
    }
  }
}

function rateLimit({ alpha, limit }: { readonly alpha?: number | undefined; readonly limit: string }) {
  return { limitPercent: parsePercent(limit)!, alpha: alpha ?? gateDefaults.alpha };
}

function asked(input: { readonly component?: string | undefined; readonly every?: string | undefined }) {
  const everyMs = input.every ? parseDuration(input.every)! : gateDefaults.everyMs;
  return { component: input.component ?? null, everyMs };
}

/** The schema holds that there is exactly one. */
function boundOf(input: MetricGateInput): MetricBound {
  if (input.max !== undefined) return { kind: "max", value: input.max };
  if (input.min !== undefined) return { kind: "min", value: input.min };
  const kind = input["max-increase"] === undefined ? "max-decrease" : "max-increase";
  return { kind, value: parsePercent(input[kind]!, Infinity)! };
}
