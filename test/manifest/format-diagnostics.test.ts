import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../src/manifest/diagnostic.ts";
import { formatDiagnostics } from "../../src/manifest/format-diagnostics.ts";

const at = (line: number, column: number, more: Partial<Diagnostic> = {}): Diagnostic => ({
  severity: "error",
  code: "IOT_MANIFEST_BAD_VALUE",
  message: "Wrong.",
  file: "release.yaml",
  line,
  column,
  ...more,
});

describe("formatDiagnostics", () => {
  it("shows message, place, three lines with a caret, and the hint", () => {
    const source = "a: 1\nb: 2\r\nc: 3\nd: 4\n";
    expect(formatDiagnostics([at(2, 4, { hint: "Write 3." })], source)).toBe(
      [
        "error: Wrong. [IOT_MANIFEST_BAD_VALUE]",
        "  --> release.yaml:2:4",
        "  1 | a: 1",
        "  2 | b: 2",
        "    |    ^",
        "  3 | c: 3",
        "  hint: Write 3.",
      ].join("\n"),
    );
  });

  it("shows what there is at the edges of a file, and nothing of an empty one", () => {
    expect(formatDiagnostics([at(1, 1)], "a: 1")).toMatch(/1 \| a: 1\n {4}\| \^$/);
    expect(formatDiagnostics([at(1, 1, { severity: "warning" })], "")).toBe(
      "warning: Wrong. [IOT_MANIFEST_BAD_VALUE]\n  --> release.yaml:1:1\n  1 |\n    | ^",
    );
  });

  it("keeps the caret under its column on a very long line", () => {
    const source = `${"x".repeat(5000)}!${"y".repeat(5000)}`;
    const [, , line, caret] = formatDiagnostics([at(1, 5001)], source).split("\n");
    expect(line?.length).toBeLessThan(120);
    expect(line?.[caret!.indexOf("^")]).toBe("!");
  });

  it("never lets a file write to the terminal", () => {
    const text = formatDiagnostics([at(1, 3)], "a:\u001b[31m\u0007\u202e evil\tb");
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{C}/u);
    expect(text).toContain("evil b");
  });
});
