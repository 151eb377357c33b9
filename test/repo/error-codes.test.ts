import { expect, test } from "vitest";
import { errorCatalogue } from "../../src/base/error-codes.ts";
import { expectGenerated } from "../support/generated-text.ts";
import { filesMatching, readText } from "../support/repository.ts";

const codes = Object.keys(errorCatalogue);

function codesNamedIn(...patterns: string[]): Set<string> {
  const files = filesMatching(...patterns).filter((path) => !/src\/base\/.*error-codes\.ts$/.test(path));
  return new Set(files.flatMap((path) => readText(path).match(/\bIOT_[A-Z0-9_]+\b/g) ?? []));
}

test("every code is thrown somewhere", () => {
  const thrown = codesNamedIn("src/**/*.ts", "bin/*.js");
  expect(codes.filter((code) => !thrown.has(code))).toEqual([]);
});

test("every code is held by a test", () => {
  const tested = codesNamedIn("test/**/*.test.ts", "test/contract/*.ts");
  expect(codes.filter((code) => !tested.has(code))).toEqual([]);
});

test("every code is documented", () => {
  expectGenerated("docs/errors.md", errorsPage());
});

function errorsPage(): string {
  const sections = Object.entries(errorCatalogue)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { exit, summary }]) => `## ${code}\n\nExit code ${exit}. ${summary}\n`);
  return [
    "# Errors\n",
    "Every way iotctl can fail, by its stable code. The code is printed below the message and is `error.code`",
    "with `--json`; what the exit codes mean is in [exit-codes.md](exit-codes.md).\n",
    ...sections,
  ].join("\n");
}
