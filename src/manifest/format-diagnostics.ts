import type { Diagnostic } from "./diagnostic.ts";

const frameWidthMax = 100;

/**
 * Diagnostics as text without colours: each with its message, its place, the lines around it with a
 * caret under the column, and its hint. `source` is the text of the file they speak of.
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], source: string): string {
  const lines = withoutPasswords(source).split(/\r?\n/);
  return diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, lines)).join("\n\n");
}

/** A slip elsewhere must not show what stands beside it in an address. */
function withoutPasswords(source: string): string {
  return source.replaceAll(/(?<=:\/\/)[^/\s@]*(?:@[^/\s@]*)*(?=@)/g, (found) => "*".repeat(found.length));
}

function formatDiagnostic(diagnostic: Diagnostic, lines: readonly string[]): string {
  const { severity, code, message, file, line, column, hint } = diagnostic;
  return [
    `${severity}: ${message} [${code}]`,
    `  --> ${file}:${line}:${column}`,
    ...codeFrame(lines, line, column),
    ...(hint ? [`  hint: ${hint}`] : []),
  ].join("\n");
}

function codeFrame(lines: readonly string[], line: number, column: number): string[] {
  const gutterWidth = String(line + 1).length + 2;
  // Keeps the caret in view on a line that is wider than the frame.
  const from = column > frameWidthMax ? column - 1 - frameWidthMax / 2 : 0;
  const frame: string[] = [];
  for (let number = Math.max(1, line - 1); number <= Math.min(lines.length, line + 1); number++) {
    const text = printable(lines[number - 1]!.slice(from, from + frameWidthMax));
    frame.push(`${String(number).padStart(gutterWidth)} | ${text}`.trimEnd());
    if (number === line) frame.push(`${" ".repeat(gutterWidth)} | ${" ".repeat(column - 1 - from)}^`);
  }
  return frame;
}

/** A manifest must not be able to move the cursor or recolour the terminal that shows its mistakes. */
function printable(text: string): string {
  return text.replaceAll("\t", " ").replaceAll(/\p{C}/gu, "\u{fffd}");
}
