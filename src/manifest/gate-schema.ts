import * as z from "zod/mini";
import { integer, mapping, text } from "./schema-parts.ts";

const describe = z.describe;

const common = {
  "no-data": z
    .optional(z.enum(["hold", "fail"]))
    .check(describe("What nothing to judge by since the deadline comes to; it never passes. Default: hold.")),
  "dry-run": z
    .optional(z.boolean({ error: "truth" }))
    .check(describe("Whether its verdict is shown and stops nothing. Default: false.")),
};

const alpha = z.optional(
  z
    .number({ error: "alpha" })
    .check(
      z.gt(0, { error: "alpha" }),
      z.lt(0.5, { error: "alpha" }),
      describe("Accepted chance of a wrong verdict. Default: 0.05."),
    ),
);

const query = (description: string) => text("query", `${description} PromQL with one number as its answer.`);
const queried = {
  ...common,
  component: z.optional(text("name", "Whose version `$versions` in a query stands for.")),
  every: z.optional(text("interval", "Time between two readings. Default: 1m.")),
  deadline: z.optional(
    text("positiveDuration", "After so long without a number there is no data. Default: 6h."),
  ),
};

const deviceGate = mapping({
  measure: z
    .enum(["update-failure", "silent-after-update"])
    .check(describe("What is counted, with the device as the unit.")),
  limit: text("limit", "The share of devices that may fail."),
  alpha,
  deadline: z.optional(
    text("positiveDuration", "A device that says nothing for so long has failed. Default: 6h."),
  ),
  ...common,
}).check(describe("Counts devices of the rollout."));

const countGate = mapping({
  measure: z.literal("count"),
  failures: query("How many failed."),
  of: query("Out of how many."),
  limit: text("limit", "The share that may fail."),
  alpha,
  ...queried,
}).check(describe("Counts by two queries, such as crashed sessions and sessions."));

const bound = (description: string) => z.optional(z.number({ error: "bound" }).check(describe(description)));
const bounds = {
  max: bound("Highest number that is good."),
  min: bound("Lowest number that is good."),
  "max-increase": z.optional(
    text("increase", "How much more it may be than for those who were not updated yet."),
  ),
  "max-decrease": z.optional(
    text("decrease", "How much less it may be than for those who were not updated yet."),
  ),
};
const boundKeys = Object.keys(bounds) as (keyof typeof bounds)[];

const metricGate = mapping({
  measure: z.literal("metric"),
  query: query("What is measured."),
  ...bounds,
  readings: z.optional(integer("readings", 1, 100, "So many in a row decide. Default: 3.")),
  ...queried,
}).check(
  z.refine((gate) => boundKeys.filter((key) => gate[key] !== undefined).length === 1, { error: "oneBound" }),
  describe("Measures a number by a query, and holds it against a bound."),
);

/** Evidence that a stage asks for, by what it measures. */
export const gateSchema = z.discriminatedUnion("measure", [deviceGate, countGate, metricGate]);

export type GateInput = z.infer<typeof gateSchema>;
export type MetricGateInput = z.infer<typeof metricGate>;
