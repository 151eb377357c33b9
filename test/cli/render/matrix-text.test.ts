import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { matrixText } from "../../../src/cli/render/matrix-text.ts";
import { fieldMatrix } from "../../../src/compat/field-matrix.ts";
import { createRelation, type LiveSets, type VersionFacts } from "../../../src/compat/relation.ts";
import { fact } from "../../support/facts.ts";

const facts = [
  fact("app-ios", "4.1.0", { requires: { fan: ">=1.8.0 <2.0.0" } }),
  fact("app-ios", "4.2.0", { requires: { fan: ">=1.9.0 <3.0.0" } }),
  fact("fan", "2.0.0"),
];
const live = { "app-ios": ["4.0.0", "4.1.0"], fan: ["1.7.0", "1.8.0", "1.9.4"] };
const target = { "app-ios": "4.2.0", fan: "2.0.0" };

afterEach(() => void vi.unstubAllEnvs());

function text(
  width: number,
  known: readonly VersionFacts[] = facts,
  field: LiveSets = live,
  bring: Readonly<Record<string, string>> = target,
): string {
  vi.stubEnv("NO_COLOR", "1");
  const matrix = fieldMatrix(createRelation(known, field), field, bring);
  return matrixText({ product: "ceiling-fan", release: "2026.11.0", ...matrix }, width);
}

const head = "ceiling-fan 2026.11.0";
const grid = `fan down, app-ios across
        4.0.0*  4.1.0*  4.2.0→
1.7.0*  (yes)   no      no
1.8.0*  (yes)   yes     no
1.9.4*  (yes)   yes     yes
2.0.0→  ?       no      yes`;

describe("a matrix for people", () => {
  test("in 80 columns", () => {
    expect(text(80)).toBe(`${head}

${grid}

*      may be in use now
→      the release brings it
(yes)  nobody declared it: they already live together
?      nobody declared it: unknown, which never passes

Incompatible, and both in use now:
  - app-ios@4.1.0 and fan@1.7.0: app-ios@4.1.0 requires fan >=1.8.0 <2.0.0,
    which does not hold

Incompatible:
  - app-ios@4.1.0 and fan@2.0.0: app-ios@4.1.0 requires fan >=1.8.0 <2.0.0,
    which does not hold
  - app-ios@4.2.0 and fan@1.7.0, fan@1.8.0: app-ios@4.2.0 requires fan >=1.9.0
    <3.0.0, which does not hold

Unknown, neither says what it needs of the other:
  - app-ios@4.0.0 and fan@2.0.0

Compatible only because they already live together:
  - app-ios@4.0.0 and fan@1.7.0, fan@1.8.0, fan@1.9.4`);
  });

  test("in 200 columns every reason has a line of its own", () => {
    expect(text(200)).toContain(grid);
    expect(text(200)).toContain(
      "  - app-ios@4.2.0 and fan@1.7.0, fan@1.8.0: app-ios@4.2.0 requires fan >=1.9.0 <3.0.0, which does not hold\n",
    );
  });

  test("without a limit, as for a pipe, everything stands side by side", () => {
    expect(text(Number.POSITIVE_INFINITY)).toContain(grid);
  });

  test("in 40 columns wide tables are continued below, and sentences wrapped", () => {
    const fans = ["1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0", "1.9.4"];
    const apps = ["3.0.0-beta.1", "3.1.0", "3.2.0", "4.0.0", "4.1.0"];
    const narrow = text(40, facts, { "app-ios": apps, fan: fans });
    expect(narrow).toContain(`fan down, app-ios across (1 of 2)
        3.0.0-beta.1*  3.1.0*  3.2.0*
1.4.0*  (yes)          (yes)   (yes)
1.5.0*  (yes)          (yes)   (yes)
1.6.0*  (yes)          (yes)   (yes)
1.7.0*  (yes)          (yes)   (yes)
1.8.0*  (yes)          (yes)   (yes)
1.9.4*  (yes)          (yes)   (yes)
2.0.0→  ?              ?       ?

fan down, app-ios across (2 of 2)
        4.0.0*  4.1.0*  4.2.0→
1.4.0*  (yes)   no      no
`);
    expect(narrow).toContain(`?      nobody declared it: unknown,
       which never passes`);
    expect(longest(narrow)).toBeLessThanOrEqual(40);
  });

  test("a version that is too long is cut, its marks are not", () => {
    const version = `1.0.0-${"x".repeat(60)}`;
    const field = { "app-ios": [version], fan: [version] };
    const narrow = text(40, facts, field, { "app-ios": version, fan: version });
    expect(narrow).toContain("1.0.0-xxxxxxxxxxx…*→");
  });

  test("fits its tables into the width, whatever versions there are", () => {
    const version = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 50 }),
      fc.stringMatching(/^\d\.\d\.\d$/),
    );
    const versions = fc.uniqueArray(version, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(versions, versions, fc.integer({ min: 40, max: 200 }), (apps, fans, width) => {
        const lines = text(width, facts, { "app-ios": apps, fan: fans }).split("\n");
        const tables = lines.slice(0, lines.indexOf("*      may be in use now"));
        expect(longest(tables.join("\n"))).toBeLessThanOrEqual(width);
        // Every version and every target is a column once, and a row once in each of the tables.
        const rows = Math.max(new Set(apps.concat("4.2.0")).size, new Set(fans.concat("2.0.0")).size);
        const titles = tables.filter((line) => line.includes(" down, ")).length;
        expect(tables.filter((line) => line !== "").length).toBe(1 + titles * (2 + rows));
      }),
    );
  });

  test("cannot be made to draw on the terminal by what a device reports", () => {
    const shown = text(80, facts, { ...live, fan: ["1.8.0\u001b[2J\u202e"] });
    expect(shown).not.toContain("\u001b");
    expect(shown).not.toContain("\u202e");
    expect(shown).toContain("1.8.0*");
  });

  test("colours what passes and what does not, where there are colours", () => {
    vi.stubEnv("NO_COLOR", undefined);
    vi.stubEnv("FORCE_COLOR", "1");
    const matrix = fieldMatrix(createRelation(facts, live), live, target);
    const coloured = matrixText({ product: "p", release: "1", ...matrix }, 80);
    expect(coloured).toContain("\u001b[31mno\u001b[39m");
    expect(coloured).toContain("\u001b[33m?\u001b[39m");
  });

  test("says so when nothing depends on anything", () => {
    expect(text(80, [fact("fan", "2.0.0")], {}, { fan: "2.0.0" })).toBe(
      `${head}\nNo component says what it needs of another.`,
    );
  });
});

function longest(lines: string): number {
  return Math.max(...lines.split("\n").map((line) => Array.from(line).length));
}
