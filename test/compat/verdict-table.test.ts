import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRelation } from "../../src/compat/relation.ts";
import { createVerdictTable, maxTableVersions, noVersion } from "../../src/compat/verdict-table.ts";
import { fact } from "../support/facts.ts";

const text = fc
  .tuple(fc.nat(3), fc.nat(9), fc.constantFrom("", "-rc.1"))
  .map(([major, minor, end]) => `${major}.${minor}.0${end}`);
const seen = fc.oneof(text, fc.constantFrom("ci-build", "", "v1.0.0"));
const range = fc.constantFrom(">=1.0.0", "<2.0.0", "^1.5.0", "2.x", ">=2.0.0-0", ">=oops");
const side = (component: string, other: string) =>
  fc
    .record({ version: text, range: fc.option(range) })
    .map((of) => fact(component, of.version, { requires: of.range === null ? {} : { [other]: of.range } }));
const anyFacts = fc
  .tuple(fc.array(side("fan", "app"), { maxLength: 24 }), fc.array(side("app", "fan"), { maxLength: 24 }))
  .map((sides) => sides.flat());
const anyLive = fc.record({ fan: fc.array(seen, { maxLength: 3 }), app: fc.array(seen, { maxLength: 3 }) });
const anyPairs = fc.array(fc.tuple(seen, seen), { maxLength: 60 });

describe("a verdict table", () => {
  it("answers as the relation does, one by one and many at once, whatever versions turn up", () => {
    fc.assert(
      fc.property(anyFacts, anyLive, anyPairs, (facts, live, pairs) => {
        const relation = createRelation(facts, live);
        const table = createVerdictTable(relation, "fan", "app");
        const fits = pairs.map(([fan, app]) => {
          const { kind } = relation.verdict(
            { component: "fan", version: fan },
            { component: "app", version: app },
          );
          return kind === "compatible";
        });
        const rows = Uint16Array.from(pairs, ([fan]) => table.internRow(fan));
        const columns = Uint16Array.from(pairs, ([, app]) => table.internColumn(app));
        expect(pairs.map((_, index) => table.compatible(rows[index]!, columns[index]!))).toEqual(fits);
        const out = new Uint8Array(pairs.length).fill(7);
        table.admitPairs(rows, columns, out);
        expect([...out]).toEqual(fits.map(Number));
      }),
      { numRuns: 500 },
    );
  });

  it("gives a version the same number every time", () => {
    const table = createVerdictTable(createRelation([fact("fan", "1.0.0")]), "fan", "app");
    expect(table.internRow("1.0.0")).toBe(table.internRow("1.0.0"));
    expect(table.internRow("2.0.0")).not.toBe(table.internRow("1.0.0"));
  });

  it("asks the relation about a new version only where that is new", () => {
    let asked = 0;
    const known = createRelation(["1.0.0", "2.0.0", "3.0.0"].map((version) => fact("app", version)));
    const relation: typeof known = {
      ...known,
      verdict(a, b) {
        asked += 1;
        return known.verdict(a, b);
      },
    };
    const table = createVerdictTable(relation, "fan", "app");
    table.internRow("1.0.0");
    expect(asked).toBe(3);
    table.internRow("1.1.0");
    expect(asked).toBe(6);
    table.internColumn("4.0.0");
    expect(asked).toBe(8);
  });

  it("never lets pass what has no number, or one that was never given", () => {
    const table = createVerdictTable(createRelation([]), "fan", "app");
    const [fan, app] = [table.internRow("1.0.0"), table.internColumn("1.0.0")];
    // A column beyond the table would be read from this one.
    table.internRow("1.1.0");
    expect(table.compatible(fan, app)).toBe(true);
    const ask = (row: number, column: number): number | undefined => {
      const out = Uint8Array.of(7);
      table.admitPairs(Uint16Array.of(row), Uint16Array.of(column), out);
      return out[0];
    };
    expect(ask(fan, app)).toBe(1);
    const others = [noVersion, 3, 15, 16, 17, 4096, 65_535];
    for (const other of others) {
      expect(table.compatible(fan, other)).toBe(false);
      expect(table.compatible(other, app)).toBe(false);
      expect(ask(other, app)).toBe(0);
    }
    expect(ask(fan, noVersion)).toBe(0);
    expect(() => ask(fan, 17)).toThrow(RangeError);
  });

  it("refuses lists of different lengths", () => {
    const table = createVerdictTable(createRelation([]), "fan", "app");
    expect(() => table.admitPairs(new Uint16Array(2), new Uint16Array(2), new Uint8Array(1))).toThrow(
      RangeError,
    );
    expect(() => table.admitPairs(new Uint16Array(1), new Uint16Array(2), new Uint8Array(2))).toThrow(
      RangeError,
    );
  });

  it("tells a bounded number of versions apart and lets none of the others pass", () => {
    const table = createVerdictTable(createRelation([]), "fan", "app");
    const app = table.internColumn("1.0.0");
    let last = noVersion;
    for (let patch = 0; patch < maxTableVersions; patch++) last = table.internRow(`1.0.${patch}`);
    expect(last).toBe(maxTableVersions);
    expect(table.compatible(last, app)).toBe(true);
    expect(table.internRow("2.0.0")).toBe(noVersion);
    expect(table.internRow("1.0.0")).toBe(1);
  });
});
