// How long a plan takes, found or refused with its reasons, where nothing gets to the release in one step.
import { makePlan } from "../src/planner/make-plan.ts";
import { median, reportFigure } from "./figure.ts";
import { bandedRequest, type BandedShape } from "./support/banded-request.ts";

const shapes: {
  readonly name: string;
  readonly shape: BandedShape;
  readonly n: number;
  readonly against?: string;
}[] = [
  {
    name: "20 firmware x 10 versions, 2 apps x 10",
    shape: { firmware: 20, apps: 2, versions: 10, coupled: false, reach: [3, 6] },
    n: 60,
  },
  {
    name: "100 firmware x 10 versions, 2 apps x 10",
    shape: { firmware: 100, apps: 2, versions: 10, coupled: false, reach: [4, 7] },
    n: 50,
    against: "20 firmware x 10 versions, 2 apps x 10",
  },
  {
    name: "5 firmware that constrain each other x 10 versions, 2 apps x 10",
    shape: { firmware: 5, apps: 2, versions: 10, coupled: true, reach: [1, 4] },
    n: 50,
  },
];

/** A shape that turns out to be slow is measured on fewer instances. */
const budgetMs = 60_000;
const medians = new Map<string, number>();
for (const { against, n, name, shape } of shapes) {
  // The first call pays for what is compiled on the way.
  makePlan(bandedRequest(shape, 0));
  const times = { planned: [] as number[], refused: [] as number[] };
  let steps = 0;
  const endMs = performance.now() + budgetMs;
  for (let seed = 1; seed <= n && performance.now() < endMs; seed++) {
    const request = bandedRequest(shape, seed);
    const startMs = performance.now();
    const plan = makePlan(request);
    times[plan.feasible ? "planned" : "refused"].push(performance.now() - startMs);
    steps += plan.steps.length;
  }
  const all = [...times.planned, ...times.refused];
  const report = (figure: string, value: number, unit: string, of = all.length, more = {}): void => {
    reportFigure({ bench: "planner", figure: `${name}: ${figure}`, value, unit, n: of, ...more });
  };
  medians.set(name, median(all));
  const reference = against === undefined ? undefined : medians.get(against);
  const growth = reference === undefined ? {} : { against: against!, ratio: median(all) / reference };
  report("median", median(all), "ms", all.length, growth);
  report("worst", Math.max(...all), "ms");
  if (times.planned.length > 0)
    report("median of the planned", median(times.planned), "ms", times.planned.length);
  if (times.refused.length > 0)
    report("median of the refused", median(times.refused), "ms", times.refused.length);
  report("planned", (100 * times.planned.length) / all.length, "%");
  report("steps of a plan", steps / Math.max(1, times.planned.length), "steps", times.planned.length);
}
