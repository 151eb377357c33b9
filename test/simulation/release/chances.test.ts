import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import {
  chanceOf,
  Chances,
  exponential,
  longTailed,
  nthOf,
} from "../../../src/simulation/release/chances.ts";

test("the n-th number is the one that a seeded sequence gives as its n-th", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 1, max: 60 }), (seed, count) => {
      const random = seededRandom(seed);
      const drawn = Array.from({ length: count }, () => random.next());
      expect(drawn).toEqual(drawn.map((_, n) => nthOf(seed, n)));
    }),
  );
});

test("what is drawn for one thing says nothing about another", () => {
  const chances = new Chances(7);
  const [users, devices] = [chanceOf.user, chanceOf.away].map((what) =>
    Array.from({ length: 20_000 }, (_, site) => chances.of(site, what)),
  );
  const mean = users!.reduce((sum, value, site) => sum + (value - 0.5) * (devices![site]! - 0.5), 0) / 20_000;
  expect(Math.abs(mean * 12)).toBeLessThan(0.03);
});

test("half of the waiting times are below the median, nine in ten below the ninth tenth", () => {
  const drawn = Array.from({ length: 10_000 }, (_, n) => longTailed(nthOf(1, n), 100, 700));
  const below = (limit: number): number => drawn.filter((value) => value < limit).length / drawn.length;
  expect(below(100)).toBeCloseTo(0.5, 1);
  expect(below(700)).toBeCloseTo(0.9, 1);
  const mean =
    Array.from({ length: 10_000 }, (_, n) => exponential(nthOf(2, n), 50)).reduce((a, b) => a + b) / 10_000;
  expect(mean).toBeGreaterThan(48);
  expect(mean).toBeLessThan(52);
});
