import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Freeze } from "../../src/manifest/environment.ts";
import type { TimeWindow } from "../../src/manifest/release.ts";
import { closedBecause } from "../../src/rollout/engine/calendar.ts";

const hour = 3_600_000;
const at = (text: string): number => Date.parse(text);

function window(days: readonly number[], from: string, until: string, zone: string): TimeWindow {
  const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return { days, fromMinute: minutes(from), untilMinute: minutes(until), zone };
}

/** When the window opens, seen from a moment at which it is closed; "open" when it is not. */
function opens(windows: readonly TimeWindow[], nowText: string, freezes: readonly Freeze[] = []): string {
  const closed = closedBecause(at(nowText), windows, freezes);
  if (!closed) return "open";
  return closed.opensAtMs === null ? "never" : new Date(closed.opensAtMs).toISOString();
}

const officeHours = window([1, 2, 3, 4], "09:00", "16:00", "Europe/Amsterdam");
const daily = [1, 2, 3, 4, 5, 6, 7];

describe("closedBecause", () => {
  it("holds nothing back without windows and freezes", () => {
    expect(closedBecause(at("2026-11-22T12:00Z"), undefined, [])).toBeNull();
    expect(closedBecause(at("2026-11-22T12:00Z"), [], [])).toBeNull();
  });

  it("says which windows are shut and when the next one opens", () => {
    expect(closedBecause(at("2026-11-22T12:00Z"), [officeHours], [])).toEqual({
      kind: "window",
      why: "outside of Mon-Thu 09:00-16:00 Europe/Amsterdam",
      opensAtMs: at("2026-11-23T08:00Z"),
    });
    expect(opens([officeHours], "2026-11-23T08:00Z")).toBe("open");
    expect(opens([officeHours], "2026-11-23T14:59:59.999Z")).toBe("open");
    expect(opens([officeHours], "2026-11-23T15:00Z")).toBe("2026-11-24T08:00:00.000Z");
    expect(opens([officeHours, window([7], "14:00", "15:00", "UTC")], "2026-11-22T12:00Z")).toBe(
      "2026-11-22T14:00:00.000Z",
    );
  });

  it("lets a window end on the next day", () => {
    const nights = [window([5], "22:00", "02:00", "UTC")];
    expect(opens(nights, "2026-11-27T21:59Z")).toBe("2026-11-27T22:00:00.000Z");
    expect(opens(nights, "2026-11-28T01:59Z")).toBe("open");
    expect(opens(nights, "2026-11-28T02:00Z")).toBe("2026-12-04T22:00:00.000Z");
    expect(opens(nights, "2026-11-27T01:00Z")).toBe("2026-11-27T22:00:00.000Z");
  });

  it("knows zones that are half an hour beside the others", () => {
    const office = [window(daily, "09:00", "17:00", "Asia/Kolkata")];
    expect(opens(office, "2026-11-23T03:29Z")).toBe("2026-11-23T03:30:00.000Z");
    expect(opens(office, "2026-11-23T11:29Z")).toBe("open");
    expect(opens(office, "2026-11-23T11:30Z")).toBe("2026-11-24T03:30:00.000Z");
  });

  it("opens at the far side of the hour that does not exist, and not at all within it", () => {
    // Clocks in Amsterdam go from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
    const zone = "Europe/Amsterdam";
    expect(opens([window([7], "02:30", "04:00", zone)], "2026-03-29T00:00Z")).toBe(
      "2026-03-29T01:00:00.000Z",
    );
    expect(opens([window([7], "02:00", "03:00", zone)], "2026-03-29T00:00Z")).toBe(
      "2026-04-05T00:00:00.000Z",
    );
    expect(opens([window(daily, "09:00", "10:00", zone)], "2026-03-28T22:00Z")).toBe(
      "2026-03-29T07:00:00.000Z",
    );
  });

  it("is open twice in the hour that happens twice", () => {
    // Clocks in Amsterdam go from 03:00 to 02:00 on 25 October 2026, at 01:00 UTC.
    const twice = [window([7], "02:00", "02:30", "Europe/Amsterdam")];
    expect(opens(twice, "2026-10-25T00:10Z")).toBe("open");
    expect(opens(twice, "2026-10-25T00:30Z")).toBe("2026-10-25T01:00:00.000Z");
    expect(opens(twice, "2026-10-25T01:29Z")).toBe("open");
    expect(opens(twice, "2026-10-25T01:30Z")).toBe("2026-11-01T01:00:00.000Z");
    // Put back into a window that was over.
    expect(opens([window([7], "01:00", "02:15", "Europe/Amsterdam")], "2026-10-25T00:20Z")).toBe(
      "2026-10-25T01:00:00.000Z",
    );
  });

  it("passes over a day that a zone left out", () => {
    // Samoa had no 30 December 2011, a Friday.
    const friday = [window([5], "09:00", "17:00", "Pacific/Apia")];
    expect(opens(friday, "2011-12-30T08:00Z")).toBe("2012-01-05T19:00:00.000Z");
    expect(opens([window([5], "22:00", "02:00", "Pacific/Apia")], "2011-12-30T08:00Z")).toBe(
      "2011-12-30T10:00:00.000Z",
    );
  });

  it("stays shut in a freeze, inside of a window too, and opens where both allow it", () => {
    const freezes = [
      { fromMs: at("2026-11-23T00:00Z"), untilMs: at("2026-11-25T12:00Z"), why: "black friday" },
      { fromMs: at("2026-11-25T12:00Z"), untilMs: at("2026-11-25T23:00Z"), why: "and its eve" },
    ];
    expect(closedBecause(at("2026-11-23T09:00Z"), [officeHours], freezes)).toEqual({
      kind: "freeze",
      why: "freeze: black friday",
      opensAtMs: at("2026-11-26T08:00Z"),
    });
    expect(opens([], "2026-11-23T09:00Z", freezes)).toBe("2026-11-25T23:00:00.000Z");
    expect(opens([officeHours], "2026-11-22T09:00Z", freezes)).toBe("2026-11-26T08:00:00.000Z");
    expect(opens([], "2026-11-25T23:00Z", freezes)).toBe("open");
  });

  it("does not look further than 370 days", () => {
    const freeze = { fromMs: at("2026-01-01T00:00Z"), untilMs: at("2027-12-01T00:00Z"), why: "for good" };
    expect(opens([officeHours], "2026-11-22T12:00Z", [freeze])).toBe("never");
    expect(opens([window([], "09:00", "10:00", "Asia/Tokyo")], "2026-11-22T12:00Z")).toBe("never");
  });

  it("keeps a window shut whose zone is not known here", () => {
    expect(opens([window(daily, "00:00", "24:00", "Mars/Olympus")], "2026-11-22T12:00Z")).toBe("never");
  });

  const zones = ["UTC", "Europe/Amsterdam", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"];
  const windows = fc.record({
    days: fc
      .uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
      .map((days) => days.toSorted((a, b) => a - b)),
    fromMinute: fc.nat(1439),
    untilMinute: fc.integer({ min: 1, max: 1440 }),
    zone: fc.constantFrom(...zones),
  });
  // Around both changes of the clocks of a year, on both sides of the earth.
  const moments = fc
    .tuple(fc.constantFrom("2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"), fc.nat())
    .map(([day, offset]) => at(`${day}T00:00Z`) - 40 * hour + (offset % (80 * hour)));
  const freezesAround = (nowMs: number): fc.Arbitrary<Freeze[]> =>
    fc.array(
      fc
        .tuple(fc.integer({ min: -100, max: 300 }), fc.integer({ min: 1, max: 200 }))
        .map(([from, hours]) => ({
          fromMs: nowMs + from * hour,
          untilMs: nowMs + (from + hours) * hour,
          why: "x",
        })),
      { maxLength: 3 },
    );

  it("is open exactly when the wall clock is within a window and no freeze is on", () => {
    fc.assert(
      fc.property(
        fc.array(windows, { minLength: 1, maxLength: 3 }),
        moments.chain((nowMs) => fc.tuple(fc.constant(nowMs), freezesAround(nowMs))),
        (list, [nowMs, freezes]) => {
          const frozen = freezes.some(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs);
          const expected = frozen ? "freeze" : list.some((each) => wallSays(each, nowMs)) ? null : "window";
          expect(closedBecause(nowMs, list, freezes)?.kind ?? null).toBe(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("opens at the first moment at which it is open", () => {
    fc.assert(
      fc.property(
        fc.array(windows, { minLength: 1, maxLength: 3 }),
        moments.chain((nowMs) => fc.tuple(fc.constant(nowMs), freezesAround(nowMs))),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 10 }),
        (list, [nowMs, freezes], shares) => {
          const closed = closedBecause(nowMs, list, freezes);
          if (!closed) return;
          const opensAtMs = closed.opensAtMs!;
          expect(opensAtMs).toBeGreaterThan(nowMs);
          expect(closedBecause(opensAtMs, list, freezes)).toBeNull();
          const before = [...shares.map((share) => nowMs + share * (opensAtMs - nowMs)), opensAtMs - 1];
          for (const moment of before) {
            expect(closedBecause(Math.min(Math.floor(moment), opensAtMs - 1), list, freezes)?.opensAtMs).toBe(
              opensAtMs,
            );
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** The same question asked of another formatter, without arithmetic on offsets. */
function wallSays({ days, fromMinute, untilMinute, zone }: TimeWindow, atMs: number): boolean {
  const text = new Date(atMs).toLocaleString("en-GB", { timeZone: zone, weekday: "short" });
  const time = new Date(atMs).toLocaleString("en-GB", { timeZone: zone, timeStyle: "medium" });
  const today = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(text) + 1;
  const yesterday = today === 1 ? 7 : today - 1;
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const minute = hours * 60 + minutes;
  if (fromMinute < untilMinute) return days.includes(today) && fromMinute <= minute && minute < untilMinute;
  return (days.includes(today) && minute >= fromMinute) || (days.includes(yesterday) && minute < untilMinute);
}
