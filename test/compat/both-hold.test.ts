import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bothHold } from "../../src/compat/both-hold.ts";
import { bothRanges } from "../../src/compat/both-ranges.ts";
import { isRange, satisfies } from "../../src/compat/versions.ts";
import { fact } from "../support/facts.ts";

const number = fc.integer({ min: 0, max: 2 });
const version = fc
  .tuple(number, number, number, fc.constantFrom("", "-0", "-rc.1", "-rc.2"))
  .map(([major, minor, patch, more]) => `${major}.${minor}.${patch}${more}`);
const simple = fc.oneof(
  fc
    .tuple(fc.constantFrom(">=", "<", "<=", ">", "=", "^", "~", ">= ", ""), version)
    .map((each) => each.join("")),
  fc.tuple(version, version).map(([from, to]) => `${from} - ${to}`),
  fc.tuple(version, version).map(([from, to]) => `>=${from} <${to}`),
  fc.constantFrom("*", "1.x", "~1.2", "1 - 2", ">1", "<=1.1", "=2.x"),
);
const range = fc.array(simple, { minLength: 1, maxLength: 3 }).map((each) => each.join(" || "));

describe("both ranges", () => {
  it("hold exactly the versions that lie in each", () => {
    fc.assert(
      fc.property(range, range, fc.array(version, { minLength: 5 }), (a, b, versions) => {
        const both = bothRanges(a, b);
        expect(isRange(both)).toBe(true);
        for (const each of versions) {
          expect([each, satisfies(each, both)]).toEqual([each, satisfies(each, a) && satisfies(each, b)]);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it("stay as they were written where one is the narrower", () => {
    expect(bothRanges(">=4.1.0", ">=4.4.0")).toBe(">=4.4.0");
    expect(bothRanges(">=1.9.0 <3.0.0", "*")).toBe(">=1.9.0 <3.0.0");
    expect(bothRanges(">=1.9.0", "<3.0.0 || 4.x")).toBe(">=1.9.0 <3.0.0 || >=1.9.0 4.x");
  });

  it("hold nothing where one cannot be read, and have an end", () => {
    expect(satisfies("1.0.0", bothRanges(">=oops", "*"))).toBe(false);
    const many = (from: number, to: number) =>
      Array.from({ length: 40 }, (_, major) => `>=${major}.${from}.0 <${major}.${to}.0`).join(" || ");
    expect(bothRanges(many(0, 5), many(2, 8))).toBe("<0.0.0-0");
    expect(satisfies("0.0.0-0", "<0.0.0-0")).toBe(false);
  });
});

describe("what two say of one version", () => {
  const strict = fact("app", "4.2.0", {
    requires: { fan: "<2.0.0", cloud: "*" },
    installsOver: ">=1.0.0",
    bridges: { fan: ">=1.5.0", lamp: "*" },
    stuck: "no room",
    keepsVersions: true,
    securityCounter: 2,
  });
  const loose = fact("app", "4.2.0", { requires: { fan: ">=1.0.0" }, bridges: { fan: "<1.8.0" } });

  it("needs what either says, and can do what both say", () => {
    const both = {
      requires: { fan: "<2.0.0 >=1.0.0", cloud: "*" },
      installsOver: ">=1.0.0",
      bridges: { fan: ">=1.5.0 <1.8.0" },
      stuck: "no room",
      securityCounter: 2,
    };
    expect(bothHold(strict, loose)).toEqual({ ...fact("app", "4.2.0"), ...both });
    expect(bothHold(loose, { requires: {}, installsOver: "2.x" })).toEqual(
      fact("app", "4.2.0", { requires: loose.requires, installsOver: "2.x" }),
    );
  });

  it("has the higher security counter, since what ran it must not be taken for less", () => {
    expect(bothHold(strict, { requires: {}, securityCounter: 3 })).toMatchObject({ securityCounter: 3 });
    expect(bothHold({ ...strict, securityCounter: 4 }, loose)).toMatchObject({ securityCounter: 4 });
  });

  it("is what it says itself when both say the same", () => {
    expect(bothHold(strict, strict)).toEqual(strict);
  });
});
