import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextActionId, parseActionId } from "../../src/ddi/action-id.ts";

describe("trap 4: action ids that every client can read", () => {
  it("are decimal int32, never below 11, never a digit followed by zeros, and always grow", () => {
    fc.assert(
      fc.property(fc.option(fc.integer({ min: 0, max: 2 ** 31 - 2 })), (last) => {
        const id = nextActionId(last);
        expect(id).toBeGreaterThan(last ?? 10);
        expect(id).toBeGreaterThanOrEqual(11);
        expect(id).toBeLessThanOrEqual(2 ** 31 - 1);
        expect(String(id)).not.toMatch(/^\d0+$/);
        expect(parseActionId(String(id))).toBe(id);
      }),
    );
  });

  it.each([
    [null, 11],
    [19, 21],
    [99, 101],
    [1999, 2001],
    [109, 110],
  ])("after %j comes %j", (last, next) => {
    expect(nextActionId(last)).toBe(next);
  });

  it("run out with an error, not with an overflow", () => {
    expect(() => nextActionId(2 ** 31 - 1)).toThrow(RangeError);
  });

  it.each(["", "1", "10", "011", "11.0", "1e3", "-11", "99999999999", "2147483648", "11 "])(
    "%j is never one",
    (text) => {
      expect(parseActionId(text)).toBeNull();
    },
  );
});
