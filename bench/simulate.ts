// How fast a release is simulated over a million sites, and what its pairs come to by plan and without.
import { fileURLToPath } from "node:url";
import { createRelation } from "../src/compat/relation.ts";
import { loadField } from "../src/manifest/load-field.ts";
import { loadRelease } from "../src/manifest/load-release.ts";
import { factsOfRelease } from "../src/manifest/release-facts.ts";
import { makePlan } from "../src/planner/make-plan.ts";
import { adaptRelease } from "../src/simulation/release/adapt-release.ts";
import { evenShares } from "../src/simulation/release/field-shares.ts";
import {
  drawField,
  SimulatedRun,
  type SimulationRequest,
} from "../src/simulation/release/simulate-release.ts";
import { defaultModel } from "../src/simulation/release/simulation-model.ts";
import { median, reportFigure } from "./figure.ts";

const bench = "simulate";
const sites = 1_000_000;
const rounds = 3;
const example = fileURLToPath(new URL("../examples/ceiling-fan/", import.meta.url));

const loaded = await loadRelease(`${example}release.yaml`, {});
const { release } = adaptRelease(loaded.release, { bakeMs: 24 * 3_600_000 }, defaultModel);
const { live, shares } = loadField(`${example}field.json`, release);
const facts = factsOfRelease(release);
const relation = createRelation(facts, live);
const targets = Object.entries(release.components).map(([name, { version }]) => [name, version]);
const plan = makePlan({
  product: release.product,
  release: release.version,
  relation,
  live,
  target: Object.fromEntries(targets),
  pairing: release.pairing,
});
const request: SimulationRequest = {
  release,
  plan,
  facts,
  relation,
  field: live,
  shares: { ...evenShares(live), ...shares },
  model: defaultModel,
  sites,
  seed: 1,
  daysMax: 180,
};

for (const mode of ["planned", "naive"] as const) {
  const dayMs: number[] = [];
  const wholeMs: number[] = [];
  let run: SimulatedRun | undefined;
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    run = new SimulatedRun(request, drawField(request), mode);
    for (let atMs = performance.now(); !run.isDone;) {
      run.step();
      if (run.looks % 24 !== 0) continue;
      dayMs.push(performance.now() - atMs);
      atMs = performance.now();
    }
    wholeMs.push(performance.now() - startMs);
  }
  if (!run) continue;
  run.pairs.count();
  const figure = (name: string, value: number, unit: string, n: number): void =>
    reportFigure({ bench, figure: `${mode}, ${name}`, value, unit, n });
  figure("one simulated day of 1M sites", median(dayMs), "ms", dayMs.length);
  figure("mean over all days", dayMs.reduce((sum, ms) => sum + ms, 0) / dayMs.length, "ms", dayMs.length);
  figure(`whole release of ${Math.ceil(run.looks / 24)} days`, median(wholeMs) / 1000, "s", rounds);
  for (const kind of ["incompatible", "left-behind"] as const) {
    figure(`${kind} pair-hours`, run.pairs.hours(kind), "h", 1);
  }
}
