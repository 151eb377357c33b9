import type { FieldMatrix, MatrixCell, MatrixComponent } from "../../compat/field-matrix.ts";
import { formatComponentVersion } from "../../compat/verdict.ts";
import { terminalLine } from "../terminal-text.ts";
import { terminalWidth } from "../table.ts";
import { wrapText } from "../wrap-text.ts";
import { type GridCell, liveMark, matrixGrids, targetMark } from "./matrix-grid.ts";

/** A matrix, and the release that it is about. */
export interface ReleaseMatrix extends FieldMatrix {
  readonly product: string;
  readonly release: string;
}

const words = {
  compatible: { word: "yes", style: "green" },
  incompatible: { word: "no", style: "red" },
  unknown: { word: "?", style: "yellow" },
} as const satisfies Record<MatrixCell["verdict"], GridCell>;
const byField: GridCell = { word: "(yes)", style: "cyan" };

/**
 * A matrix for people, in lines of `width` characters: a table for every two coupled components, what
 * the marks mean, and beneath it the evidence of everything that is not a plain yes.
 */
export function matrixText(matrix: ReleaseMatrix, width = terminalWidth()): string {
  const { cells, product, release } = matrix;
  const head = terminalLine(`${product} ${release}`);
  if (cells.length === 0) return `${head}\nNo component says what it needs of another.`;
  return [head, ...gridsOf(matrix, width), legend(cells, width), ...evidence(cells, width)].join("\n\n");
}

function gridsOf({ cells, components }: FieldMatrix, width: number): string[] {
  const byPair = new Map<string, Map<string, MatrixCell>>();
  for (const cell of cells) {
    byPair.set(cell.a, (byPair.get(cell.a) ?? new Map<string, MatrixCell>()).set(cell.b, cell));
  }
  const name = ({ component }: MatrixComponent, version: string): string =>
    formatComponentVersion({ component, version });
  return components.flatMap((a, index) =>
    components.slice(index + 1).flatMap((b) => {
      const cellOf = (left: string, right: string): MatrixCell | undefined =>
        byPair.get(name(a, left))?.get(name(b, right));
      const [first, second] = [a.versions[0], b.versions[0]];
      if (!first || !second || !cellOf(first.version, second.version)) return [];
      // The longer list goes down: a terminal has no end there.
      return a.versions.length >= b.versions.length
        ? matrixGrids(a, b, (row, column) => shown(cellOf(row.version, column.version)), width)
        : matrixGrids(b, a, (row, column) => shown(cellOf(column.version, row.version)), width);
    }),
  );
}

function shown(cell: MatrixCell | undefined): GridCell {
  if (!cell) return words.unknown;
  return isByField(cell) ? byField : words[cell.verdict];
}

function isByField({ declared, verdict }: MatrixCell): boolean {
  return verdict === "compatible" && !declared;
}

function legend(cells: readonly MatrixCell[], width: number): string {
  const marks: [mark: string, meaning: string][] = [
    [liveMark, "may be in use now"],
    [targetMark, "the release brings it"],
  ];
  if (cells.some(isByField)) marks.push([byField.word, "nobody declared it: they already live together"]);
  if (cells.some(({ verdict }) => verdict === "unknown")) {
    marks.push([words.unknown.word, "nobody declared it: unknown, which never passes"]);
  }
  return marks
    .map(([mark, meaning]) => hanging(mark.padEnd(byField.word.length + 1), meaning, width))
    .join("\n");
}

function evidence(cells: readonly MatrixCell[], width: number): string[] {
  const incompatible = cells.filter(({ verdict }) => verdict === "incompatible");
  const unknown = cells.filter(({ verdict }) => verdict === "unknown");
  const sections = [
    ["Incompatible, and both in use now:", reasons(incompatible.filter(({ live }) => live))],
    ["Incompatible:", reasons(incompatible.filter(({ live }) => !live))],
    ["Unknown, neither says what it needs of the other:", pairings(unknown)],
    ["Compatible only because they already live together:", pairings(cells.filter(isByField))],
  ] as const;
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) =>
      [wrapText(title, width, ""), ...lines.map((line) => hanging("  -", terminalLine(line), width))].join(
        "\n",
      ),
    );
}

/** A mark, then text whose further lines begin where the first does. */
function hanging(mark: string, text: string, width: number): string {
  const indent = " ".repeat(mark.length + 1);
  return mark + wrapText(text, width, indent).slice(mark.length);
}

/** Pairs with the same evidence in one line. */
function reasons(cells: readonly MatrixCell[]): string[] {
  return [...Map.groupBy(cells, ({ evidence: why }) => why)].flatMap(([why, same]) =>
    pairings(same).map((pair) => `${pair}: ${why}`),
  );
}

/** `fan@2.0.0 and app-ios@4.0.0, app-ios@4.1.0`: as few lines as one of the two sides allows. */
function pairings(cells: readonly MatrixCell[]): string[] {
  const byA = Map.groupBy(cells, ({ a }) => a);
  const byB = Map.groupBy(cells, ({ b }) => b);
  return byA.size <= byB.size
    ? [...byA].map(([a, others]) => `${a} and ${others.map(({ b }) => b).join(", ")}`)
    : [...byB].map(([b, others]) => `${b} and ${others.map(({ a }) => a).join(", ")}`);
}
