import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Schedule } from "../../src/simulation/schedule.ts";

describe("Schedule", () => {
  it("gives back what is due, earliest first, equals in their order, like a stable sort", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.nat(20), (instants, nowMs) => {
        const schedule = new Schedule<number>();
        for (const [index, atMs] of instants.entries()) schedule.add(atMs, index);
        const expected = instants
          .map((atMs, index) => ({ atMs, index }))
          .filter(({ atMs }) => atMs <= nowMs)
          .toSorted((a, b) => a.atMs - b.atMs)
          .map(({ index }) => index);
        expect(schedule.takeDue(nowMs)).toEqual(expected);
        expect(schedule.size).toBe(instants.length - expected.length);
      }),
    );
  });

  it("keeps the order when items come and go in between", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.record({ add: fc.nat(100) }), fc.record({ take: fc.nat(5) }))),
        (steps) => {
          const schedule = new Schedule<number>();
          let waiting: number[] = [];
          for (const step of steps) {
            if ("add" in step) {
              schedule.add(step.add, step.add);
              waiting = [...waiting, step.add].toSorted((a, b) => a - b);
            } else {
              expect(schedule.takeDue(Infinity, step.take)).toEqual(waiting.slice(0, step.take));
              waiting = waiting.slice(step.take);
            }
          }
        },
      ),
    );
  });
});
