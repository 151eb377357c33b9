import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSleep, parseSleep } from "../../src/ddi/wire.ts";

describe("sleep", () => {
  it("has eight characters, at least a second and less than a day, whatever was asked for", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: -1e6, max: 1e9 }), fc.double({ min: 0, max: 1e12, noNaN: true })),
        (ms) => {
          const text = formatSleep(ms);
          expect(text).toMatch(/^\d{2}:[0-5]\d:[0-5]\d$/);
          expect(parseSleep(text)).toBe(Math.min(Math.max(Math.round(ms / 1000), 1), 86_399) * 1000);
        },
      ),
    );
  });

  it.each(["", "1:00:00", "00:60:00", "00:00:60", "00:00:1", "24h", " 00:00:01"])("%j is not one", (text) => {
    expect(parseSleep(text)).toBeNull();
  });
});
