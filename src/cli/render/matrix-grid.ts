import type { MatrixComponent, MatrixVersion } from "../../compat/field-matrix.ts";
import { colour, type Style } from "../colour.ts";
import { terminalLine } from "../terminal-text.ts";

/** How two versions stand: a word, and its colour where there are colours. */
export interface GridCell {
  readonly word: string;
  readonly style: Style;
}

interface GridColumn {
  readonly label: string;
  readonly cells: readonly GridCell[];
  readonly width: number;
}

export const liveMark = "*";
export const targetMark = "→";
const gap = "  ";
/** No version is cut to less than this. */
const narrowest = 8;

/**
 * The versions of one component down and of another across: a title and a table, and as many of them,
 * each with some of the columns, as it takes to fit `width`. Versions may be cut, their marks never.
 */
export function matrixGrids(
  down: MatrixComponent,
  across: MatrixComponent,
  cellOf: (row: MatrixVersion, column: MatrixVersion) => GridCell,
  width: number,
): string[] {
  const rowLabels = down.versions.map((version) => versionLabel(version, Math.floor(width / 2)));
  const labelWidth = Math.max(0, ...rowLabels.map(lengthOf));
  const room = width - labelWidth - gap.length;
  const columns = across.versions.map((version): GridColumn => {
    const label = versionLabel(version, room);
    const cells = down.versions.map((row) => cellOf(row, version));
    return { label, cells, width: Math.max(lengthOf(label), ...cells.map(({ word }) => word.length)) };
  });
  const blocks = blocksOf(columns, room);
  const title = `${terminalLine(down.component)} down, ${terminalLine(across.component)} across`;
  return blocks.map((block, index) => {
    const part = blocks.length > 1 ? ` (${index + 1} of ${blocks.length})` : "";
    return [colour("bold", title + part), ...gridLines(rowLabels, labelWidth, block)].join("\n");
  });
}

function gridLines(rowLabels: readonly string[], labelWidth: number, block: readonly GridColumn[]): string[] {
  const header = [" ".repeat(labelWidth), ...block.map(({ label, width }) => pad(label, width))];
  const rows = rowLabels.map((label, row) => [
    pad(label, labelWidth),
    ...block.map(({ cells, width }) => {
      const cell = cells[row];
      // Padded outside of the colour, so that line ends can be trimmed.
      return cell ? colour(cell.style, cell.word) + pad("", width - cell.word.length) : "";
    }),
  ]);
  return [header, ...rows].map((texts) => texts.join(gap).trimEnd());
}

/** Columns side by side while they fit, at least one in each block. */
function blocksOf(columns: readonly GridColumn[], room: number): GridColumn[][] {
  const blocks: GridColumn[][] = [];
  let taken = 0;
  for (const column of columns) {
    taken += gap.length + column.width;
    if (blocks.length === 0 || taken > room) {
      blocks.push([]);
      taken = column.width;
    }
    blocks.at(-1)?.push(column);
  }
  return blocks;
}

/** `2.0.0→`: a version with its marks, cut to the room there is. */
function versionLabel({ live, target, version }: MatrixVersion, room: number): string {
  const marks = (live ? liveMark : "") + (target ? targetMark : "");
  const text = terminalLine(version);
  const limit = Math.max(room, narrowest) - marks.length;
  const characters = Array.from(text);
  return (characters.length > limit ? `${characters.slice(0, limit - 1).join("")}…` : text) + marks;
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(width - lengthOf(text), 0));
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
