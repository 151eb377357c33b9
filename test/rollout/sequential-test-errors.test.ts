// How often the sequential test errs, by simulation. In all of it devices come one after the other and
// the test is looked at after each.
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { sequentialTest, type SequentialVerdict } from "../../src/rollout/engine/sequential-test.ts";

type Judge = (failures: number, devices: number) => SequentialVerdict;

const runs = 10_000;
/**
 * No more than this many wrong verdicts: four standard deviations of the binomial above what is
 * promised. A test that errs exactly as often as it may is above it once in thirty thousand
 * simulations; one that errs twice as often is below it less than once in a thousand.
 */
const mostWrong = (alpha: number): number => runs * alpha + 4 * Math.sqrt(runs * alpha * (1 - alpha));

const cases = [
  { limit: 0.01, alpha: 0.05, devicesMax: 3000 },
  { limit: 0.02, alpha: 0.05, devicesMax: 2000 },
  { limit: 0.05, alpha: 0.01, devicesMax: 1500 },
  { limit: 0.2, alpha: 0.2, devicesMax: 1000 },
  { limit: 0.4, alpha: 0.05, devicesMax: 1000 },
];

describe.each(cases)(
  "at a limit of $limit and an alpha of $alpha, looked at $devicesMax times",
  ({ alpha, devicesMax, limit }) => {
    const judge: Judge = (failures, devices) => sequentialTest(failures, devices, limit, alpha);
    const turns = turningPoints(judge, devicesMax);

    it("errs no more often than alpha on either side where the rate is exactly the limit", () => {
      const { fail, pass } = simulate(turns, limit, 1);
      expect(fail).toBeLessThan(mostWrong(alpha));
      expect(pass).toBeLessThan(mostWrong(alpha));
      // Not because it says nothing.
      expect(Math.min(fail, pass)).toBeGreaterThan((runs * alpha) / 10);
    });

    it("errs no more often just below the limit, nor just above it", () => {
      expect(simulate(turns, limit * 0.95, 2).fail).toBeLessThan(mostWrong(alpha));
      expect(simulate(turns, limit * 1.05, 3).pass).toBeLessThan(mostWrong(alpha));
    });

    it("finds what is far from the limit, and hardly ever the contrary", () => {
      const few = runs / 10;
      const good = simulate(turns, limit / 5, 4, few);
      const bad = simulate(turns, Math.min(0.95, limit * 3), 5, few);
      expect(good.pass).toBeGreaterThan(few * 0.95);
      expect(bad.fail).toBeGreaterThan(few * 0.95);
      expect(good.fail).toBeLessThan(few * alpha);
      expect(bad.pass).toBeLessThan(few * alpha);
    });
  },
);

it("is a simulation that finds out a test which errs more often", () => {
  const limit = 0.02;
  const alpha = 0.05;
  // The same evidence as at one look alone: the rate that fits best, without paying for having chosen it.
  const greedy: Judge = (failures, devices) => {
    const rate = failures / devices;
    const of = (count: number, ratio: number) => (count === 0 ? 0 : count * Math.log(ratio));
    const evidence = of(failures, rate / limit) + of(devices - failures, (1 - rate) / (1 - limit));
    if (evidence <= Math.log(1 / alpha)) return "hold";
    return rate > limit ? "fail" : "pass";
  };
  const { fail, pass } = simulate(turningPoints(greedy, 2000), limit, 1);
  expect(fail).toBeGreaterThan(mostWrong(alpha));
  expect(pass).toBeGreaterThan(mostWrong(alpha));
});

interface TurningPoints {
  /** By number of devices: the most failures that still pass, -1 where none do. */
  readonly passUpTo: Int32Array;
  /** By number of devices: the fewest failures that fail. */
  readonly failFrom: Int32Array;
}

/** The verdicts of a test, asked once for each: they only get worse with failures, and neither bound falls with devices. */
function turningPoints(judge: Judge, devicesMax: number): TurningPoints {
  const passUpTo = new Int32Array(devicesMax + 1).fill(-1);
  const failFrom = new Int32Array(devicesMax + 1).fill(1);
  for (let devices = 1; devices <= devicesMax; devices++) {
    let most = passUpTo[devices - 1]!;
    while (most < devices && judge(most + 1, devices) === "pass") most++;
    let fewest = failFrom[devices - 1]!;
    while (fewest <= devices && judge(fewest, devices) !== "fail") fewest++;
    passUpTo[devices] = most;
    failFrom[devices] = fewest;
  }
  return { passUpTo, failFrom };
}

/** In how many runs each verdict ever came up, at whichever look: that is what alpha is promised of. */
function simulate({ failFrom, passUpTo }: TurningPoints, rate: number, seed: number, count = runs) {
  const random = seededRandom(seed);
  const seen = { fail: 0, pass: 0 };
  const looks = failFrom.length - 1;
  for (let run = 0; run < count; run++) {
    let failed = false;
    let passed = false;
    for (let devices = 1, failures = 0; devices <= looks && !(failed && passed); devices++) {
      if (random.next() < rate) failures++;
      if (failures >= failFrom[devices]!) failed = true;
      if (failures <= passUpTo[devices]!) passed = true;
    }
    if (failed) seen.fail++;
    if (passed) seen.pass++;
  }
  return seen;
}
