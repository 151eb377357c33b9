import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesMatching, repositoryRoot } from "../support/repository.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const firmware = "examples/ceiling-fan/firmware";

test("the committed images of the ceiling fan are what its build makes", () => {
  const out = temporaryDirectory();
  execFileSync(process.execPath, [join(repositoryRoot, firmware, "build.mjs"), out]);
  const images = filesMatching(`${firmware}/{images,faulty}/*`);
  expect(images).toHaveLength(8);
  for (const image of images) {
    const built = join(out, image.slice(firmware.length));
    expect(readFileSync(join(repositoryRoot, image), "utf8"), image).toBe(readFileSync(built, "utf8"));
    expect(statSync(join(repositoryRoot, image)).mode & 0o111, image).not.toBe(0);
  }
});
