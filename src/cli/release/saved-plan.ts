import * as z from "zod";
import { readBoundedFile } from "../../base/bounded-file.ts";
import { IotctlError } from "../../base/errors.ts";
import type { Plan, Repair } from "../../planner/plan.ts";
import { writeResultFile } from "../write-result-file.ts";
import type { PlanBasis } from "./plan-basis.ts";

/** A plan as `iotctl plan -o` writes it: without dates or names, so that equal input gives equal bytes. */
export interface SavedPlan extends Plan {
  readonly basis: PlanBasis;
}

const bytesMax = 16 * 1024 * 1024;
const text = z.string().min(1);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const ranges = z.record(text, text);
const pair = z.strictObject({
  a: text,
  b: text,
  verdict: z.enum(["incompatible", "unknown"]),
  evidence: z.string(),
});
const step = z.strictObject({
  id: text,
  action: z.enum(["introduce", "retire"]),
  component: text,
  version: text,
  replaces: z.array(text),
  guard: ranges.nullable(),
  reversible: z.boolean(),
  staged: z.literal(true).exactOptional(),
  floor: text.exactOptional(),
  why: z.string(),
});
const repairKinds = {
  artifact: "artifact",
  bridges: "bridges",
  "bridging-firmware": "bridging-firmware",
  floor: "floor",
  "installs-over": "installs-over",
  pairing: "pairing",
  requires: "requires",
  "tolerant-app": "tolerant-app",
} as const satisfies { [Kind in Repair["kind"]]: Kind };
const facts = z.strictObject({
  component: text,
  kind: z.enum(["app", "firmware", "service"]),
  version: text,
  requires: ranges,
  installsOver: text.exactOptional(),
  hardware: z.array(text),
  installable: z.boolean(),
  bridges: ranges.exactOptional(),
  stuck: text.exactOptional(),
  keepsVersions: z.boolean().exactOptional(),
  securityCounter: z.int().nonnegative().exactOptional(),
});
const planBasis: z.ZodType<PlanBasis> = z.strictObject({
  manifest: digest,
  facts: z.array(facts),
  pairing: z.enum(["observed", "arbitrary"]),
  field: z.enum(["observed", "given"]),
  hardware: z.record(text, z.record(text, z.array(text))).exactOptional(),
  index: digest,
  releases: z.record(text, digest),
  leftOut: z.array(text).exactOptional(),
});
const savedPlan: z.ZodType<SavedPlan> = z.strictObject({
  schemaVersion: z.literal(1),
  feasible: z.boolean(),
  product: text,
  release: text,
  field: z.record(text, z.array(text)),
  broken: z.array(pair),
  stuck: z.array(z.strictObject({ component: text, version: text, why: z.string() })),
  steps: z.array(step),
  blocked: z
    .strictObject({
      pairs: z.array(pair),
      repairs: z.array(
        z.strictObject({ kind: z.enum(repairKinds), change: text, steps: z.int().nonnegative() }),
      ),
    })
    .nullable(),
  basis: planBasis,
});

/** Replaces a file by a plan and what it was made from; never leaves half of one. Throws IOT_FILE_UNREADABLE. */
export function writeSavedPlan(path: string, plan: Plan, basis: PlanBasis): void {
  writeResultFile(path, `${JSON.stringify({ ...plan, basis }, null, 2)}\n`);
}

/** Reads a saved plan. Throws IOT_PLAN_FILE_INVALID when it is none, or IOT_FILE_UNREADABLE. */
export function readSavedPlan(path: string): { readonly plan: Plan; readonly basis: PlanBasis } {
  const bytes = readBoundedFile(path, bytesMax, "the plan");
  const parsed = savedPlan.safeParse(parseJson(path, bytes.toString()));
  if (!parsed.success) throw invalid(path, mistakeIn(parsed.error), parsed.error);
  const { basis, ...plan } = parsed.data;
  return { plan, basis };
}

/** Where the first thing is that is not as it should be: a file of another kind has little else. */
function mistakeIn({ issues }: z.ZodError): string {
  const path = issues[0]?.path ?? [];
  const place = path.length > 0 ? `at ${z.core.toDotPath(path).slice(0, 200)} it` : "it";
  return `${place} does not hold what \`iotctl plan -o\` writes`;
}

function parseJson(path: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw invalid(path, "it is not JSON", error);
  }
}

function invalid(path: string, why: string, cause: unknown): IotctlError {
  return new IotctlError("IOT_PLAN_FILE_INVALID", `${path} is not a saved plan: ${why}.`, {
    // Not over this file, which may be a field or a manifest.
    hints: ["Make one: iotctl plan -o plan.json"],
    details: { path },
    cause,
  });
}
