import fc from "fast-check";
import semver from "semver";
import { describe, expect, it } from "vitest";
import {
  compareVersions,
  isRange,
  isVersion,
  liesIn,
  nearestVersion,
  parseRange,
  parseVersion,
  satisfies,
} from "../../src/compat/versions.ts";

describe("versions", () => {
  it("takes semver as written and nothing near it", () => {
    expect(["1.2.3", "1.2.3-rc.1", "1.2.3+build"].filter(isVersion)).toHaveLength(3);
    expect(["v1.2.3", "1.2", "01.2.3", " 1.2.3", "1.2.3 ", "", "latest"].filter(isVersion)).toEqual([]);
  });
  it("finds what was probably meant", () => {
    expect(nearestVersion("4.2")).toBe("4.2.0");
    expect(nearestVersion("v4.2.0")).toBe("4.2.0");
    expect(nearestVersion("latest")).toBeNull();
  });
  it("evaluates ranges with prereleases included", () => {
    expect(satisfies("2.0.0-rc.1", ">=1.9.0 <3.0.0")).toBe(true);
    expect(satisfies("2.0.0-rc.1", ">=2.0.0")).toBe(false);
  });
  it("says of what it has read what npm's semver says of the text", () => {
    const part = fc.integer({ min: 0, max: 3 });
    const tail = fc.constantFrom("", "", "-0", "-rc.1", "-rc.2", "-alpha", "+build");
    const version = fc.tuple(part, part, part, tail).map(([a, b, c, end]) => `${a}.${b}.${c}${end}`);
    const partial = fc.oneof(version, fc.constantFrom("*", "1", "2.x", "1.2", ""));
    const bound = fc
      .tuple(fc.constantFrom("", "=", ">", ">=", "<", "<=", "~", "^"), partial)
      .map(([operator, of]) => operator + of);
    const hyphen = fc.tuple(version, version).map(([from, to]) => `${from} - ${to}`);
    const conjunction = fc.oneof(
      fc.array(bound, { maxLength: 3 }).map((all) => all.join(" ")),
      hyphen,
    );
    const range = fc.array(conjunction, { minLength: 1, maxLength: 3 }).map((all) => all.join(" || "));
    fc.assert(
      fc.property(version, range, (text, wanted) => {
        const [read, parsed] = [parseVersion(text), parseRange(wanted)];
        expect(parsed === null).toBe(semver.validRange(wanted) === null);
        if (read === null || parsed === null) return;
        expect(liesIn(read, parsed)).toBe(semver.satisfies(text, wanted, { includePrerelease: true }));
      }),
      { numRuns: 5000 },
    );
  });
  it("never satisfies a range that cannot be read", () => {
    expect(isRange(">=oops")).toBe(false);
    expect(isRange("")).toBe(false);
    expect(satisfies("1.0.0", ">=oops")).toBe(false);
  });
  it("orders what is no version below all that are, whatever a device reports", () => {
    expect(["1.0.0", "ci-build", "1.9", "0.1.0"].toSorted(compareVersions)).toEqual([
      "1.9",
      "ci-build",
      "0.1.0",
      "1.0.0",
    ]);
  });
  it("orders prereleases below their release", () => {
    expect(["2.0.0", "2.0.0-rc.1", "1.9.0"].toSorted(compareVersions)).toEqual([
      "1.9.0",
      "2.0.0-rc.1",
      "2.0.0",
    ]);
  });
});
