import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { readText, repositoryRoot } from "./repository.ts";

/** Holds that a file has exactly this text; with UPDATE=1 in the environment it is written instead. */
export function expectGenerated(path: string, text: string): void {
  if (process.env["UPDATE"] === "1") writeFileSync(join(repositoryRoot, path), text);
  const current = existsSync(join(repositoryRoot, path)) ? readText(path) : "";
  expect(current, `${path} is stale; run: UPDATE=1 npm test -- test/repo`).toBe(text);
}
