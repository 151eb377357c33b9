import { IotctlError } from "../../base/errors.ts";
import type { CountGate, Gate, MetricGate, Release } from "../../manifest/release.ts";
import type { MetricSource } from "../../metrics/metric-source.ts";
import { fillVersions, versionsIn } from "../../metrics/versions-in-query.ts";
import type { Plan } from "../../planner/plan.ts";
import type { Context } from "../context.ts";

type Queried = MetricGate | CountGate;

/** The gate of a stage that asks metrics, where the environment has none; null where all is well. */
export function gateWithoutMetrics(release: Release, { environment }: Context): string | null {
  return environment.metrics === null ? (queriedGates(release)[0]?.[0] ?? null) : null;
}

/** Throws IOT_METRICS_NOT_CONFIGURED before a rollout begins that could never pass. */
export function assertMetricsConfigured(release: Release, context: Context): void {
  const gate = gateWithoutMetrics(release, context);
  if (gate === null) return;
  const { name } = context.environment;
  throw new IotctlError(
    "IOT_METRICS_NOT_CONFIGURED",
    `Gate ${gate} asks metrics, and the environment ${name} has none.`,
    {
      hints: [
        `Say where they are in iotctl.yaml, under ${name}: metrics: { prometheus: { url: "http://127.0.0.1:9090" } }`,
        "Or take the gate from its stages",
      ],
      details: { gate, environment: name },
    },
  );
}

/**
 * Asks every query of the release once, of the versions that a gate will compare with. Throws
 * IOT_METRIC_QUERY_INVALID, and IOT_TOKEN_MISSING. Returns as warnings whatever else keeps a query
 * from a number: a misspelt metric is noticed now, and not by a stage that holds.
 */
export async function checkMetricGates(
  release: Release,
  plan: Plan,
  context: Context,
  nowMs: number,
): Promise<string[]> {
  const gates = queriedGates(release);
  const source = gates.length > 0 ? await context.metrics() : null;
  if (!source) return [];
  const warnings: string[] = [];
  try {
    for (const [name, gate] of gates) {
      for (const [key, query] of queriesOf(gate)) {
        const which = gate.measure === "metric" ? "query" : `query \`${key}\``;
        const asked = { what: `${which} of gate ${name}`, query, gate };
        warnings.push(...(await checkQuery(asked, { release, plan, source, nowMs })));
      }
    }
  } catch (error) {
    if (!(error instanceof IotctlError) || error.code !== "IOT_METRICS_UNREACHABLE") throw error;
    warnings.push(`${error.message} Gates that ask there hold until it does.`);
  }
  return warnings;
}

async function checkQuery(
  { gate, query, what }: { readonly gate: Queried; readonly query: string; readonly what: string },
  world: {
    readonly release: Release;
    readonly plan: Plan;
    readonly source: MetricSource;
    readonly nowMs: number;
  },
): Promise<string[]> {
  const { nowMs, plan, release, source } = world;
  const { component } = gate;
  const named = component !== null && versionsIn(query).length > 0 ? component : null;
  const released = release.components[named ?? ""]?.version ?? "";
  const inUse = named === null ? [] : (plan.field[named] ?? []).filter((version) => version !== released);
  const [first = released, ...rest] = inUse;
  const answer = await source.query(named === null ? query : fillVersions(query, [first, ...rest]), nowMs);
  if (!("problem" in answer)) return [];
  if (answer.refused) {
    throw new IotctlError("IOT_METRIC_QUERY_INVALID", `The ${what} is refused: ${answer.problem}.`, {
      hints: [`Correct it in the manifest: ${query}`],
      details: { gate: what, query, problem: answer.problem },
    });
  }
  // Nobody runs the released version yet, so that nothing is known of it is as it should be.
  if (named !== null && inUse.length === 0) return [];
  const of = named === null ? "" : `, asked of ${named} ${inUse.join(", ")}`;
  return [`the ${what} has no number now${of}: ${answer.problem}`];
}

function queriesOf(gate: Queried): [key: string, query: string][] {
  return gate.measure === "metric"
    ? [["query", gate.query]]
    : [
        ["failures", gate.failures],
        ["of", gate.of],
      ];
}

/** Of the stages, each once. */
function queriedGates({ gates, rollout }: Release): [name: string, gate: Queried][] {
  const names = new Set(rollout.stages.flatMap((stage) => stage.gates));
  return [...names].flatMap((name): [string, Queried][] => {
    const gate: Gate | undefined = gates[name];
    return gate?.measure === "metric" || gate?.measure === "count" ? [[name, gate]] : [];
  });
}
