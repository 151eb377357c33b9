import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import { isSystemError, messageOf } from "../base/errors.ts";
import { quoted } from "./diagnostic.ts";
import type { Component, KnownVersion, Release } from "./release.ts";
import type { RuleContext } from "./rules/rule.ts";
import type { Path } from "./source-node.ts";

/** Reports every artifact of a release that is not a readable file. `dir` is the manifest's. */
export function checkArtifacts(release: Release, dir: string, report: Pick<RuleContext, "error">): void {
  for (const { file, path } of artifactsOf(release)) {
    const problem = problemOf(resolve(dir, file));
    if (problem === null) continue;
    report.error(path, {
      code: "IOT_MANIFEST_ARTIFACT_MISSING",
      message: `The artifact ${quoted(file)} ${problem}.`,
      hint: "Build it first, or correct the path, which is relative to this file.",
    });
  }
}

/** Every file that a release names, with the place that names it. */
export function* artifactsOf(release: Release): Generator<{ file: string; path: Path }> {
  for (const [component, value] of Object.entries(release.components)) {
    yield* filesOf(value, ["components", component]);
  }
  for (const [component, versions] of Object.entries(release.known)) {
    for (const [version, value] of Object.entries(versions)) {
      yield* filesOf(value, ["known", component, version]);
    }
  }
}

function* filesOf(value: Component | KnownVersion, path: Path): Generator<{ file: string; path: Path }> {
  if ("artifact" in value) yield { file: value.artifact, path: [...path, "artifact"] };
  if (!("variants" in value)) return;
  for (const [hardware, file] of Object.entries(value.variants)) {
    yield { file, path: [...path, "variants", hardware] };
  }
}

function problemOf(file: string): string | null {
  try {
    if (!statSync(file).isFile()) return "is not a file";
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    return isSystemError(error, "ENOENT", "ENOTDIR")
      ? "does not exist"
      : `cannot be read (${messageOf(error)})`;
  }
}
