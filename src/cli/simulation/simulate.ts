import { IotctlError } from "../../base/errors.ts";
import { Exit } from "../../base/error-codes.ts";
import type { Release } from "../../manifest/release.ts";
import type { RunReport, SimulationReport } from "../../simulation/release/simulation-report.ts";
import type { Sites } from "../../simulation/release/sites.ts";
import type { SimulationRequest } from "../../simulation/release/simulate-release.ts";
import type { Context } from "../context.ts";
import type { PlannedRelease } from "../release/plan-release.ts";

export interface SimulationWish {
  readonly release: Release;
  readonly context: Context;
  readonly fieldFile?: string | undefined;
  readonly modelFile?: string | undefined;
  readonly bakeMs?: number | undefined;
  readonly deadlineMs?: number | undefined;
  readonly sites: number;
  readonly seed: number;
  readonly daysMax: number;
  /** Called now and then while it works; `day` is the simulated one. */
  readonly progress: (run: "planned" | "naive", day: number) => void;
  /** For warnings about the plan. */
  readonly warn: (text: string) => void;
  readonly nowMs: number;
}

/**
 * Plans a release and carries it out over virtual sites, by the plan and without. Throws
 * IOT_PLAN_BLOCKED when there is no safe order, IOT_SIMULATION_FIELD_UNKNOWN when there is no field.
 */
export async function simulate(wish: SimulationWish): Promise<SimulationReport> {
  const { countedShares } = await import("./counted-shares.ts");
  const { adaptRelease } = await import("../../simulation/release/adapt-release.ts");
  const { countLooks } = await import("../../simulation/release/count-looks.ts");
  const { defaultModel } = await import("../../simulation/release/simulation-model.ts");
  const { readModel } = await import("../../simulation/release/read-model.ts");
  const { drawField } = await import("../../simulation/release/simulate-release.ts");
  const { assertFeasible } = await import("../release/assert-feasible.ts");
  const model = wish.modelFile === undefined ? defaultModel : readModel(wish.modelFile);
  countLooks(wish.daysMax, model.controlIntervalS);
  const { look, plan, warnings } = await planIt(wish);
  for (const warning of warnings) wish.warn(warning);
  assertFeasible(plan);
  const { notes, release } = adaptRelease(wish.release, wish, model);
  const request: SimulationRequest = {
    release,
    plan,
    facts: look.facts,
    relation: look.relation,
    field: look.live,
    shares: countedShares(release, look),
    model,
    sites: wish.sites,
    seed: wish.seed,
    daysMax: wish.daysMax,
  };
  const field = drawField(request);
  const runWith = (mode: "planned" | "naive"): Promise<RunReport> => carryOut(request, field, mode, wish);
  return {
    schemaVersion: 1,
    product: release.product,
    release: release.version,
    sites: wish.sites,
    seed: wish.seed,
    model,
    notes,
    plan,
    planned: await runWith("planned"),
    naive: await runWith("naive"),
  };
}

async function planIt({ context, fieldFile, nowMs, release }: SimulationWish): Promise<PlannedRelease> {
  const { planRelease } = await import("../release/plan-release.ts");
  try {
    const planned = await planRelease(release, context, { nowMs, fieldFile });
    const { devices, live, source } = planned.look;
    const kinds = Object.entries(release.components).filter(([, { kind }]) => kind !== "service");
    const isEmpty = kinds.every(([name]) => (live[name] ?? []).length === 0);
    if (isEmpty || (source === "observed" && devices.length === 0)) {
      throw fieldUnknown(`No device or user of ${release.product} was found.`);
    }
    return planned;
  } catch (error) {
    const isAway = error instanceof IotctlError && error.exit === Exit.remote && fieldFile === undefined;
    throw isAway ? fieldUnknown(error.message, error) : error;
  }
}

function fieldUnknown(why: string, cause?: IotctlError): IotctlError {
  return new IotctlError("IOT_SIMULATION_FIELD_UNKNOWN", `There is no field to simulate. ${why}`, {
    hints: [
      "Describe one: iotctl simulate --field field.json",
      'Such as {"app-ios": {"4.0.0": "20%", "4.1.0": "80%"}, "fan": ["1.8.0", "1.9.4"]}',
      ...(cause?.hints ?? []),
    ],
    cause,
  });
}

const looksPerPause = 24;

async function carryOut(
  request: SimulationRequest,
  field: Sites,
  mode: "planned" | "naive",
  { progress }: SimulationWish,
): Promise<RunReport> {
  const { SimulatedRun } = await import("../../simulation/release/simulate-release.ts");
  const { reportRun } = await import("../../simulation/release/simulation-report.ts");
  const run = new SimulatedRun(request, field, mode);
  while (!run.isDone) {
    run.step();
    if (run.looks % looksPerPause !== 0) continue;
    progress(mode, run.world.nowS / 86_400);
    // Ctrl-C must be heard.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return reportRun(run, request.model.controlIntervalS);
}
