import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTimeWindow, parseTimeWindow, timeWindowHint } from "../../src/manifest/time-window.ts";
import { diagnosticsOf, releaseOf, smallRelease } from "./manifest-texts.ts";

const withWindow = (window: string): string =>
  `${smallRelease}rollout:\n  stages:\n    - { name: fleet, devices: 100%, window: ${window} }\n`;

describe("a time window", () => {
  it("is days, hours and a zone", () => {
    expect(parseTimeWindow("Mon-Thu 09:00-16:00 Europe/Amsterdam")).toEqual({
      days: [1, 2, 3, 4],
      fromMinute: 540,
      untilMinute: 960,
      zone: "Europe/Amsterdam",
    });
    expect(parseTimeWindow("Mon,Wed,Fri 22:00-02:00 UTC")).toEqual({
      days: [1, 3, 5],
      fromMinute: 1320,
      untilMinute: 120,
      zone: "UTC",
    });
    expect(parseTimeWindow("daily 09:00-17:00 Asia/Kolkata")?.days).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(parseTimeWindow("Fri-Mon 00:00-24:00 UTC")).toMatchObject({
      days: [1, 5, 6, 7],
      untilMinute: 1440,
    });
    expect(parseTimeWindow("Sun 22:00-00:00 UTC")).toMatchObject({ fromMinute: 1320, untilMinute: 1440 });
  });

  it("reads again what it is written as", () => {
    const days = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
    fc.assert(
      fc.property(days, fc.nat(1439), fc.integer({ min: 1, max: 1440 }), (list, fromMinute, untilMinute) => {
        fc.pre(fromMinute !== untilMinute);
        const window = {
          days: list.toSorted((a, b) => a - b),
          fromMinute,
          untilMinute,
          zone: "America/St_Johns",
        };
        expect(parseTimeWindow(formatTimeWindow(window))).toEqual(window);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ["mon-thu 9-16 europe/amsterdam", "Write `Mon-Thu 09:00-16:00 Europe/Amsterdam`."],
    ["Mon-Thu 09:00-16:00 Europe/Amsterdm", "Write `Mon-Thu 09:00-16:00 Europe/Amsterdam`."],
    ["weekdays 9:00 - 16:00 Amsterdam", "Write `Mon-Fri 09:00-16:00 Europe/Amsterdam`."],
    ["Mon  09:00-16:00  UTC", "Write `Mon 09:00-16:00 UTC`."],
    ["daily 09:00-17:00 Asia/Kolkatta", "Write `daily 09:00-17:00 Asia/Kolkata`."],
    [
      "Mon-Thu 09:00-16:00",
      "Say whose clocks count: `Mon-Thu 09:00-16:00 UTC`, or a zone such as Europe/Amsterdam.",
    ],
    [
      "Mon-Thu 09:00-16:00 Mars/Olympus",
      "`Mars/Olympus` is no time zone; write UTC, or an area and a place such as Europe/Amsterdam.",
    ],
    [
      "Mon 09:00-25:00 UTC",
      "`09:00-25:00` are no hours of a day; write them from 00:00 to 24:00, as in 09:00-16:00.",
    ],
    ["Mon 09:00-09:00 UTC", "`09:00-09:00` is no time at all; a whole day is 00:00-24:00."],
    ["Mon UTC", "Say the hours too, as in `Mon 09:00-16:00 Europe/Amsterdam`."],
    ["9-16", "`9-16` are no days: write Mon, Tue, Wed, Thu, Fri, Sat, Sun, Mon-Fri or daily."],
    ["", "`` are no days: write Mon, Tue, Wed, Thu, Fri, Sat, Sun, Mon-Fri or daily."],
  ])("is not `%s`: %s", (text, hint) => {
    expect(parseTimeWindow(text)).toBeNull();
    expect(timeWindowHint(text)).toBe(hint);
  });

  it("has an answer to any text", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[MTFa-u,-]{0,9} [\d:-]{0,11} [A-Z/]{0,9}$/)),
        (text) => {
          if (parseTimeWindow(text) === null) expect(timeWindowHint(text)).toMatch(/\S\.$/);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("the window of a stage", () => {
  it("is one or several", () => {
    const [stage] = releaseOf(withWindow("Mon-Thu 09:00-16:00 UTC")).rollout.stages;
    expect(stage?.windows).toEqual([{ days: [1, 2, 3, 4], fromMinute: 540, untilMinute: 960, zone: "UTC" }]);
    const two = releaseOf(withWindow('["Mon 09:00-16:00 UTC", "Sat 22:00-02:00 Asia/Kolkata"]'));
    expect(two.rollout.stages[0]?.windows?.map(({ zone }) => zone)).toEqual(["UTC", "Asia/Kolkata"]);
  });

  it.each([
    ["Mon-Thu 9-16 UTC", "12:45", "Write `Mon-Thu 09:00-16:00 UTC`."],
    [
      "[Mon 09:00-16:00 UTC, Mon 25:00-26:00 UTC]",
      "12:67",
      expect.stringContaining("`25:00-26:00` are no hours"),
    ],
    ["[]", "12:45", undefined],
    ["42", "12:45", expect.stringContaining("no days")],
  ])("is an error that shows a right one: %s", (window, place, hint) => {
    const found = diagnosticsOf(withWindow(window));
    expect(found.map(({ column, line }) => `${line}:${column}`)).toEqual([place]);
    expect(found[0]).toMatchObject({ code: "IOT_MANIFEST_BAD_VALUE", severity: "error" });
    expect(found[0]?.message).toContain("Mon-Thu 09:00-16:00 Europe/Amsterdam");
    expect(found[0]?.hint).toEqual(hint);
  });
});
