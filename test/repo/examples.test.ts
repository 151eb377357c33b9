import { join } from "node:path";
import { expect, test } from "vitest";
import { loadRelease } from "../../src/manifest/load-release.ts";
import { filesMatching, repositoryRoot } from "../support/repository.ts";

const manifests = filesMatching("examples/*/release.yaml");

test("there are examples", () => {
  expect(manifests).toEqual(
    ["ceiling-fan", "hub", "lockstep"].map((name) => `examples/${name}/release.yaml`),
  );
});

test.each(manifests)("%s is a release whose artifacts are there", async (path) => {
  const loaded = await loadRelease(join(repositoryRoot, path), {}, { artifactsMustExist: true });
  expect(loaded.warnings).toEqual([]);
});
