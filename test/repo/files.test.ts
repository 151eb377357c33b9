// The repository as a whole: what lies where, how long, and that it names no machine.
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { filesMatching, readText, repositoryRoot } from "../support/repository.ts";

const agreed = [
  ".ci",
  ".git",
  ".github",
  ".gitignore",
  ".npmrc",
  ".oxfmtrc.json",
  ".oxlintrc.json",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "LICENSE",
  "README.md",
  "bench",
  "bin",
  "docs",
  "examples",
  "package-lock.json",
  "package.json",
  "src",
  "test",
  "tsconfig.json",
];
const builtOrInstalled = [".iotctl", ".vitest", "coverage", "dist", "node_modules", "oclif.manifest.json"];

const ours = filesMatching(
  "{src,test,bin,docs,examples,bench,.ci,.github}/**/*.{ts,js,mjs,md,yaml,yml,json,sh}",
  ".ci/run",
  "*.{md,json}",
);

test("the top level holds what was agreed", () => {
  const entries = readdirSync(repositoryRoot).filter((name) => !builtOrInstalled.includes(name));
  expect(entries.filter((name) => !agreed.includes(name))).toEqual([]);
});

test("no file of src is too long to be about one thing", () => {
  const long = filesMatching("src/**/*.ts").filter((path) => readText(path).split("\n").length > 400);
  expect(long).toEqual([]);
});

test("files are named in kebab case, after what they are about", () => {
  const sources = filesMatching("src/**/*.ts");
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(path)))).toEqual([]);
  expect(sources.filter((path) => /\/(utils?|helpers?|common|misc)(\/|\.ts$)/.test(path))).toEqual([]);
  expect(sources.filter((path) => basename(path) === "index.ts")).toEqual([]);
});

test("nothing names a directory of somebody's machine", () => {
  expect(ours.length).toBeGreaterThan(100);
  const homes = /\/(home|Users)\/[a-z]+\/|[A-Z]:\\Users/;
  const personal = (text: string): boolean => text.includes(repositoryRoot.slice(0, -1)) || homes.test(text);
  expect(ours.filter((path) => path !== "package-lock.json" && personal(readText(path)))).toEqual([]);
});

test("Node's version is the same in package.json, the entry and the pinned toolchain", async () => {
  const { default: semver } = await import("semver");
  const { nodeVersionProblem } = await import("../../bin/node-version.js");
  const { engines, devDependencies } = JSON.parse(readText("package.json")) as Record<
    string,
    Record<string, string>
  >;
  const range = engines?.["node"] ?? "";
  const versions = [18, 20, 21, 22, 23, 24, 25, 26, 27].flatMap((major) =>
    [0, 14, 15, 16, 21, 22, 23].flatMap((minor) => [0, 1, 2, 3].map((patch) => `${major}.${minor}.${patch}`)),
  );
  for (const version of versions) {
    expect(nodeVersionProblem(`v${version}`) === null, version).toBe(semver.satisfies(version, range));
  }
  expect(nodeVersionProblem(`v${devDependencies?.["node"]}`)).toBeNull();
});
