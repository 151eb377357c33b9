import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fieldMatrix } from "../../src/compat/field-matrix.ts";
import { createRelation } from "../../src/compat/relation.ts";
import { fact } from "../support/facts.ts";

const facts = [
  fact("app", "4.1.0"),
  fact("app", "4.2.0", { requires: { fan: ">=2.0.0" } }),
  fact("fan", "1.10.0"),
  fact("fan", "2.0.0"),
  fact("lamp", "1.0.0"),
];
const live = { app: ["4.1.0"], fan: ["1.10.0", "1.9.0"], lamp: [] };
const target = { app: "4.2.0", fan: "2.0.0", lamp: "1.0.0" };

describe("the matrix of a field and a release", () => {
  const matrix = fieldMatrix(createRelation(facts, live), live, target);

  it("has every live version and every target, lowest first, and says which is which", () => {
    const old = { live: true, target: false };
    const next = { live: false, target: true };
    expect(matrix.components).toEqual([
      {
        component: "app",
        versions: [
          { version: "4.1.0", ...old },
          { version: "4.2.0", ...next },
        ],
      },
      {
        component: "fan",
        versions: [
          { version: "1.9.0", ...old },
          { version: "1.10.0", ...old },
          { version: "2.0.0", ...next },
        ],
      },
      { component: "lamp", versions: [{ version: "1.0.0", ...next }] },
    ]);
  });

  it("has one cell for each pair of coupled components, with its verdict and what it rests on", () => {
    expect(
      matrix.cells.map(({ a, b, declared, live: lives, verdict }) => [a, b, verdict, declared, lives]),
    ).toEqual([
      ["app@4.1.0", "fan@1.9.0", "compatible", false, true],
      ["app@4.1.0", "fan@1.10.0", "compatible", false, true],
      ["app@4.1.0", "fan@2.0.0", "unknown", false, false],
      ["app@4.2.0", "fan@1.9.0", "incompatible", true, false],
      ["app@4.2.0", "fan@1.10.0", "incompatible", true, false],
      ["app@4.2.0", "fan@2.0.0", "compatible", true, false],
    ]);
    expect(matrix.cells[3]?.evidence).toBe("app@4.2.0 requires fan >=2.0.0, which does not hold");
  });

  it("counts a target that lives already once, as both", () => {
    const [app] = fieldMatrix(createRelation(facts), { app: ["4.2.0"] }, { app: "4.2.0" }).components;
    expect(app?.versions).toEqual([{ version: "4.2.0", live: true, target: true }]);
  });

  it("says of each pair what the relation says", () => {
    const versions = fc.uniqueArray(fc.constantFrom("4.1.0", "4.2.0", "1.10.0", "2.0.0", "odd"));
    fc.assert(
      fc.property(versions, versions, (apps, fans) => {
        const field = { app: apps, fan: fans };
        const relation = createRelation(facts, field);
        const { cells } = fieldMatrix(relation, field, {});
        expect(cells.map(({ a, b, verdict }) => `${a} ${b} ${verdict}`).toSorted()).toEqual(
          apps
            .flatMap((app) =>
              fans.map((fan) => {
                const pair = [
                  { component: "app", version: app },
                  { component: "fan", version: fan },
                ] as const;
                return `app@${app} fan@${fan} ${relation.verdict(...pair).kind}`;
              }),
            )
            .toSorted(),
        );
      }),
    );
  });
});
