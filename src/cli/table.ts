import { colour } from "./colour.ts";
import { terminalLine } from "./terminal-text.ts";

export interface Column {
  readonly title: string;
  /** `right` for numbers. */
  readonly align?: "left" | "right";
  /** Narrowest width this column may be cut to when the table does not fit; absent: it is never cut. */
  readonly shrinkTo?: number;
}

const gap = "  ";

/**
 * A table with a header, columns aligned, cut with `…` to fit `width` columns of text where its
 * columns allow it. Cells are cleaned of control characters. Without rows: `whenEmpty`.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly whenEmpty: string; readonly width?: number },
): string {
  if (rows.length === 0) return options.whenEmpty;
  const cells = rows.map((row) => columns.map((_, index) => terminalLine(row[index] ?? "")));
  const widths = fit(columns, cells, options.width ?? terminalWidth());
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => pad(cut(text, widths[index] ?? 0), widths[index] ?? 0, columns[index]?.align))
      .join(gap)
      .trimEnd();
  const header = line(columns.map((column) => column.title));
  return [colour("bold", header), ...cells.map(line)].join("\n");
}

/** Columns of the terminal; no limit where stdout is not one, so that pipes get whole values. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? Math.max(process.stdout.columns, 40) : Number.POSITIVE_INFINITY;
}

function fit(columns: readonly Column[], rows: readonly (readonly string[])[], limit: number): number[] {
  const widths = columns.map((column, index) =>
    rows.reduce((widest, row) => Math.max(widest, length(row[index] ?? "")), length(column.title)),
  );
  let excess = widths.reduce((sum, width) => sum + width, gap.length * (columns.length - 1)) - limit;
  while (excess > 0) {
    const widest = widestThatShrinks(columns, widths);
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function widestThatShrinks(columns: readonly Column[], widths: readonly number[]): number {
  let found = -1;
  for (const [index, width] of widths.entries()) {
    const floor = columns[index]?.shrinkTo;
    if (floor !== undefined && width > floor && width > (widths[found] ?? 0)) found = index;
  }
  return found;
}

function cut(text: string, width: number): string {
  return length(text) <= width
    ? text
    : `${Array.from(text)
        .slice(0, Math.max(width - 1, 0))
        .join("")}…`;
}

function pad(text: string, width: number, align: Column["align"]): string {
  const space = " ".repeat(Math.max(width - length(text), 0));
  return align === "right" ? space + text : text + space;
}

function length(text: string): number {
  return Array.from(text).length;
}
