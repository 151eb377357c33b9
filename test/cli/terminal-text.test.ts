import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { terminalLine, terminalText } from "../../src/cli/terminal-text.ts";

describe("terminalText", () => {
  test.each([
    ["\u001b[31mred\u001b[0m", "red"],
    ["\u001b]0;title\u0007after", "after"],
    ["\u001b]8;;http://x\u001b\\link", "link"],
    ["a\rb\u0008c", "abc"],
    ["user\u202egnp.exe", "usergnp.exe"],
    ["tab\tand\nline", "tab\tand\nline"],
    ["\u009b31mred", "31mred"],
  ])("%j becomes %j", (given, expected) => {
    expect(terminalText(given)).toBe(expected);
  });

  test("leaves no control character but tab and line feed", () => {
    const anything = fc.string({
      unit: fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCodePoint(code)),
    });
    fc.assert(
      fc.property(anything, (text) => {
        for (const character of terminalText(text)) {
          const code = character.codePointAt(0) ?? 0;
          expect(code >= 0x20 || code === 0x09 || code === 0x0a).toBe(true);
          expect(code >= 0x7f && code <= 0x9f).toBe(false);
        }
      }),
    );
  });

  test("terminalLine stays on one line", () => {
    expect(terminalLine(" a\n\tb \u001b[2Jc ")).toBe("a b c");
  });
});
