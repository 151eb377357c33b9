import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { table } from "../../src/cli/table.ts";

const columns = [{ title: "NAME" }, { title: "NOTE", shrinkTo: 8 }, { title: "N", align: "right" as const }];

describe("table", () => {
  test("aligns columns and leaves no space at line ends", () => {
    const text = table(
      columns,
      [
        ["a", "short", "1"],
        ["longer", "x", "10"],
      ],
      { whenEmpty: "", width: 80 },
    );
    expect(text.split("\n")).toEqual(["NAME    NOTE    N", "a       short   1", "longer  x      10"]);
  });

  test("cuts the columns that may be cut, and says so with an ellipsis", () => {
    const text = table(columns, [["a", "a note that is long", "1"]], { whenEmpty: "", width: 20 });
    expect(text.split("\n")[1]).toBe("a     a note tha…  1");
  });

  test("never cuts a column that may not be cut", () => {
    const text = table([{ title: "ID" }], [["0123456789"]], { whenEmpty: "", width: 5 });
    expect(text).toContain("0123456789");
  });

  test("without rows says what that means", () => {
    expect(table(columns, [], { whenEmpty: "No devices." })).toBe("No devices.");
  });

  test("fits the width whatever the cells hold, when every column may be cut", () => {
    const cell = fc.string({ unit: "grapheme", maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 10, max: 60 }),
        (rows, width) => {
          const shrinking = [
            { title: "A", shrinkTo: 4 },
            { title: "B", shrinkTo: 4 },
          ];
          const lines = table(shrinking, rows, { whenEmpty: "", width }).split("\n");
          expect(lines).toHaveLength(rows.length + 1);
          for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
