import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { writeResultFile } from "../../src/cli/write-result-file.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

let dir: string;
beforeEach(() => {
  dir = temporaryDirectory();
});

describe("a result that is written to a file", () => {
  test("is there whole, in directories made for it, and takes the place of the one before", () => {
    const path = join(dir, "a", "b", "plan.json");
    for (const content of ["first", "second"]) {
      writeResultFile(path, content);
      expect(readFileSync(path, "utf8")).toBe(content);
    }
  });

  test("goes where a link leads, and the link stays", () => {
    const [file, link] = [join(dir, "plan.json"), join(dir, "link.json")];
    writeFileSync(file, "old");
    symlinkSync(file, link);
    writeResultFile(link, "new");
    expect([readFileSync(file, "utf8"), realpathSync(link)]).toEqual(["new", realpathSync(file)]);
  });

  test.each([
    ["a directory", () => dir, "it is a directory, not a file"],
    ["the working directory", () => ".", "it is a directory, not a file"],
    ["a directory that is not there", () => join(dir, "no/"), "there is no such file or directory"],
    ["a place below a file", () => join(dir, "file", "plan.json"), "a part of its path is a file"],
    ["a device", () => "/dev/null", "it is not a regular file"],
  ])("is refused in the place of %s", (_, path, reason) => {
    mkdirSync(join(dir, "sub"));
    writeFileSync(join(dir, "file"), "a file");
    const refusal = { code: "IOT_FILE_UNREADABLE", exit: 2, message: expect.stringContaining(reason) };
    expect(() => writeResultFile(path(), "x")).toThrow(expect.objectContaining(refusal));
    expect(readFileSync(join(dir, "file"), "utf8")).toBe("a file");
  });
});
