import fc from "fast-check";
import { expect, test } from "vitest";
import { Calendar, never } from "../../../src/simulation/release/calendar.ts";
import { Meetings } from "../../../src/simulation/release/meetings.ts";
import { UnseenDevices } from "../../../src/simulation/release/unseen-devices.ts";

test("the time of each combination is what adding it up site by site gives", () => {
  const move = fc.record({
    afterS: fc.nat(5000),
    app: fc.nat(2),
    firmware: fc.nat(3),
    staged: fc.nat(1),
    present: fc.nat(2),
  });
  fc.assert(
    fc.property(fc.array(fc.array(move, { maxLength: 6 }), { minLength: 1, maxLength: 8 }), (sites) => {
      const meetings = new Meetings(3, 4, 2);
      const expected = new Map<number, number>();
      const endS = 50_000;
      for (const moves of sites) {
        let [cell, atS] = [meetings.cell(0, 0, 0, 0), 0];
        meetings.enter(cell, 0);
        for (const { afterS, app, firmware, present, staged } of moves) {
          expected.set(cell, (expected.get(cell) ?? 0) + afterS);
          meetings.leave(cell, atS + afterS);
          cell = meetings.cell(app, firmware, staged, present);
          expect([
            meetings.appOf(cell),
            meetings.firmwareOf(cell),
            meetings.stagedOf(cell),
            meetings.presenceOf(cell),
          ]).toEqual([app, firmware, staged, present]);
          atS += afterS;
          meetings.enter(cell, atS);
        }
        expected.set(cell, (expected.get(cell) ?? 0) + endS - atS);
      }
      for (const [cell, seconds] of expected) expect(meetings.siteSeconds(cell, endS)).toBe(seconds);
      expect(meetings.seen.reduce((sum, cell) => sum + meetings.sites[cell]!, 0)).toBe(sites.length);
    }),
  );
});

test("a calendar gives each site in its interval, and forgets what comes after the end", () => {
  const calendar = new Calendar(5, 3, 100);
  calendar.add(0, 99);
  calendar.add(1, 100);
  calendar.add(2, 0);
  calendar.add(3, 300);
  calendar.add(4, never);
  expect(calendar.size).toBe(3);
  expect([...calendar.take(0)].toSorted((a, b) => a - b)).toEqual([0, 2]);
  calendar.add(0, 250);
  expect([...calendar.take(1)]).toEqual([1]);
  expect([...calendar.take(2)]).toEqual([0]);
  expect([...calendar.take(3)]).toEqual([]);
  expect(calendar.size).toBe(0);
});

test("a device that was away too long does not count until the look after it is back", () => {
  const unseen = new UnseenDevices(2, 10, 100);
  unseen.add(1, -50, 250);
  unseen.add(1, 100, 100);
  unseen.add(1, 120, never);
  const counts = Array.from({ length: 4 }, (_, interval) => {
    unseen.advance(interval);
    return unseen.count(1);
  });
  expect(counts).toEqual([1, 2, 1, 1]);
});
