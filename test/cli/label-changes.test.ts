import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLabelChanges, parseLabels } from "../../src/cli/label-changes.ts";

describe("label changes", () => {
  test("set, replace and remove", () => {
    expect(parseLabelChanges(["ring=canary", "site=a=b", "note=", "old-", "two-words-"])).toEqual({
      ring: "canary",
      site: "a=b",
      note: "",
      old: null,
      "two-words": null,
    });
  });

  test.each(["ring", "", "=x", "-"])("refuse %j", (word) => {
    expect(() => parseLabelChanges([word])).toThrow(expect.objectContaining({ code: "IOT_USAGE" }));
  });

  test("that only set refuse to remove", () => {
    expect(parseLabels(["ring=canary"])).toEqual({ ring: "canary" });
    expect(() => parseLabels(["ring-"])).toThrow(expect.objectContaining({ code: "IOT_USAGE" }));
  });

  test("read back whatever key and value were written", () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/);
    fc.assert(
      fc.property(fc.dictionary(key, fc.option(fc.string())), (changes) => {
        const words = Object.entries(changes).map(([name, value]) =>
          value === null ? `${name}-` : `${name}=${value}`,
        );
        expect(parseLabelChanges(words)).toEqual({ ...changes });
      }),
    );
  });
});
