import type { Relation } from "./relation.ts";

/** Versions of one component that a table tells apart; full on both sides it holds 16 MiB. */
export const maxTableVersions = 4095;

/** The id of what has no version, or none that the table still tells apart. It never passes. */
export const noVersion = 0;

const firstCapacity = 16;

/**
 * Every verdict about two components as one byte, for questions about a million pairs at once.
 * Versions are numbered as they come; a new one adds a row or a column and nothing else is judged
 * again. The answers are those of `relation.verdict`; only `compatible` passes.
 */
export interface VerdictTable {
  /** The number of a version of the first component. What comes after `maxTableVersions` is `noVersion`. */
  internRow(version: string): number;
  /** The same of the second component. */
  internColumn(version: string): number;
  compatible(row: number, column: number): boolean;
  /**
   * Answers many pairs, the i-th of `rows` with the i-th of `columns`: 1 into `out` where it passes,
   * else 0. A number that was never given never passes.
   *
   * @throws RangeError when the three differ in length, or a column lies beyond the table
   */
  admitPairs(rows: Uint16Array, columns: Uint16Array, out: Uint8Array): void;
}

/** A table of two components, with every version that has facts in it from the start. */
export function createVerdictTable(
  relation: Relation,
  rowComponent: string,
  columnComponent: string,
): VerdictTable {
  const rowIds = new Map<string, number>();
  const columnIds = new Map<string, number>();
  let [height, width] = [firstCapacity, firstCapacity];
  let cells = new Uint8Array(height * width);

  const judge = (row: string, column: string): number => {
    const verdict = relation.verdict(
      { component: rowComponent, version: row },
      { component: columnComponent, version: column },
    );
    return verdict.kind === "compatible" ? 1 : 0;
  };

  const grow = (newHeight: number, newWidth: number): void => {
    const grown = new Uint8Array(newHeight * newWidth);
    for (let row = 0; row < height; row++) {
      grown.set(cells.subarray(row * width, (row + 1) * width), row * newWidth);
    }
    [height, width, cells] = [newHeight, newWidth, grown];
  };

  const table: VerdictTable = {
    internRow(version) {
      const found = rowIds.get(version);
      if (found !== undefined) return found;
      const id = rowIds.size + 1;
      if (id > maxTableVersions) return noVersion;
      if (id >= height) grow(height * 2, width);
      rowIds.set(version, id);
      for (const [column, columnId] of columnIds) cells[id * width + columnId] = judge(version, column);
      return id;
    },
    internColumn(version) {
      const found = columnIds.get(version);
      if (found !== undefined) return found;
      const id = columnIds.size + 1;
      if (id > maxTableVersions) return noVersion;
      if (id >= width) grow(height, width * 2);
      columnIds.set(version, id);
      for (const [row, rowId] of rowIds) cells[rowId * width + id] = judge(row, version);
      return id;
    },
    compatible: (row, column) => column < width && cells[row * width + column] === 1,
    admitPairs: (rows, columns, out) => answerPairs(cells, Math.log2(width), rows, columns, out),
  };
  for (const version of relation.versions(rowComponent)) table.internRow(version);
  for (const version of relation.versions(columnComponent)) table.internColumn(version);
  return table;
}

function answerPairs(
  cells: Uint8Array,
  widthBits: number,
  rows: Uint16Array,
  columns: Uint16Array,
  out: Uint8Array,
): void {
  if (rows.length !== columns.length || rows.length !== out.length) {
    throw new RangeError(`${rows.length} rows, ${columns.length} columns, ${out.length} answers`);
  }
  let index = 0;
  for (; index < out.length; index++) {
    const column = columns[index] ?? noVersion;
    // Beyond the last column lies the next row. Throwing inside of the loop would make it three times slower.
    if (column >>> widthBits !== 0) break;
    out[index] = cells[((rows[index] ?? noVersion) << widthBits) | column] ?? 0;
  }
  if (index < out.length) throw new RangeError(`column ${columns[index]} lies beyond the table`);
}
