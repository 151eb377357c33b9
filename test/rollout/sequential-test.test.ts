import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  devicesNeededToPass,
  goodDevicesToPass,
  sequentialTest,
} from "../../src/rollout/engine/sequential-test.ts";

const order = { pass: 0, hold: 1, fail: 2 } as const;
const limits = fc.double({ min: 0.005, max: 0.5, noNaN: true });
const alphas = fc.double({ min: 0.001, max: 0.49, noNaN: true });

describe("sequentialTest", () => {
  it("gets worse with each failure and no other way", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), limits, alphas, (devices, limit, alpha) => {
        let before = 0;
        for (let failures = 0; failures <= devices; failures++) {
          const now = order[sequentialTest(failures, devices, limit, alpha)];
          expect(now).toBeGreaterThanOrEqual(before);
          before = now;
        }
      }),
      { numRuns: 60 },
    );
  });

  it("never gets better by a bad device, never worse by a good one", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(300), limits, alphas, (failures, good, limit, alpha) => {
        const devices = failures + good;
        const now = order[sequentialTest(failures, devices, limit, alpha)];
        expect(order[sequentialTest(failures + 1, devices + 1, limit, alpha)]).toBeGreaterThanOrEqual(now);
        expect(order[sequentialTest(failures, devices + 1, limit, alpha)]).toBeLessThanOrEqual(now);
      }),
    );
  });

  it("finds what is plainly good and plainly bad", () => {
    expect(sequentialTest(0, 500, 0.02, 0.05)).toBe("pass");
    expect(sequentialTest(5, 5, 0.02, 0.05)).toBe("fail");
    expect(sequentialTest(200_000, 10_000_000, 0.02, 0.05)).toBe("hold");
    expect(sequentialTest(5_000_000, 10_000_000, 0.02, 0.05)).toBe("fail");
  });

  it("holds where there is nothing to judge or the question makes no sense", () => {
    for (const [failures, devices, limit, alpha] of [
      [0, 0, 0.02, 0.05],
      [3, 2, 0.02, 0.05],
      [-1, 2, 0.02, 0.05],
      [Number.NaN, 2, 0.02, 0.05],
      [0, 1000, 0, 0.05],
      [0, 1000, 1, 0.05],
      [0, 1000, 0.02, 0],
      [0, 1000, 0.02, 0.5],
      [0, 1000, Number.NaN, 0.05],
    ] as const) {
      expect(sequentialTest(failures, devices, limit, alpha)).toBe("hold");
    }
  });
});

describe("devicesNeededToPass", () => {
  it("is the least number that passes", () => {
    fc.assert(
      fc.property(limits, alphas, (limit, alpha) => {
        let least = 1;
        while (sequentialTest(0, least, limit, alpha) !== "pass") least++;
        expect(devicesNeededToPass(limit, alpha)).toBe(least);
      }),
      { numRuns: 40 },
    );
  });

  it("is endless where no number is enough", () => {
    expect(devicesNeededToPass(0, 0.05)).toBe(Infinity);
    expect(devicesNeededToPass(0.02, 0.7)).toBe(Infinity);
  });
});

describe("goodDevicesToPass", () => {
  it("is the least number of good devices that makes a pass of what there is", () => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(60), limits, alphas, (failures, good, limit, alpha) => {
        const devices = failures + good;
        const more = goodDevicesToPass(failures, devices, limit, alpha);
        expect(sequentialTest(failures, devices + more, limit, alpha)).toBe("pass");
        if (more > 0) expect(sequentialTest(failures, devices + more - 1, limit, alpha)).not.toBe("pass");
      }),
      { numRuns: 100 },
    );
  });

  it("knows what failures cost", () => {
    expect(goodDevicesToPass(0, 0, 0.02, 0.05)).toBe(devicesNeededToPass(0.02, 0.05));
    expect(goodDevicesToPass(0, 100, 0.02, 0.05)).toBe(devicesNeededToPass(0.02, 0.05) - 100);
    expect(goodDevicesToPass(1, 100, 0.02, 0.05)).toBeGreaterThan(goodDevicesToPass(0, 100, 0.02, 0.05));
    expect(goodDevicesToPass(0, 1000, 0.02, 0.05)).toBe(0);
    expect(goodDevicesToPass(0, 10, 0, 0.05)).toBe(Infinity);
  });
});
