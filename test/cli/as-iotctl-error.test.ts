import { CLIError } from "@oclif/core/errors";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { IotctlError } from "../../src/base/errors.ts";
import { asIotctlError } from "../../src/cli/as-iotctl-error.ts";
import { renderError } from "../../src/cli/render-error.ts";

function systemError(code: string, path?: string): Error {
  return Object.assign(new Error(`${code}: it went wrong`), {
    code,
    ...(path === undefined ? {} : { path }),
  });
}

describe("asIotctlError", () => {
  test("leaves our own errors alone", () => {
    const error = new IotctlError("IOT_USAGE", "as it was");
    expect(asIotctlError(error, "check")).toBe(error);
  });

  test("makes the parser's complaints usage errors that point to the command's help", () => {
    const error = asIotctlError(
      new CLIError("Nonexistent flag: --x\nSee more help with --help"),
      "fleet devices",
    );
    expect(error).toMatchObject({ code: "IOT_USAGE", exit: 2, message: "Nonexistent flag: --x" });
    expect(error.hints).toEqual(["iotctl fleet devices --help"]);
  });

  test.each(["ENOENT", "EACCES", "EISDIR", "ENOTDIR", "EROFS"])("says what %s means for the file", (code) => {
    const error = asIotctlError(systemError(code, "/some/file"), "check");
    expect(error).toMatchObject({ code: "IOT_FILE_UNREADABLE", exit: 2 });
    expect(error.message).toContain("/some/file");
    expect(renderError(error)).not.toContain("    at ");
  });

  test("knows a real missing file", () => {
    let thrown: unknown;
    try {
      readFileSync("/no/such/file");
    } catch (error) {
      thrown = error;
    }
    expect(asIotctlError(thrown, "check").message).toBe(
      "Cannot use /no/such/file: there is no such file or directory.",
    );
  });

  test("knows a full disk", () => {
    expect(asIotctlError(systemError("ENOSPC", "/data/x"), "push")).toMatchObject({
      code: "IOT_DISK_FULL",
      exit: 7,
    });
  });

  test.each([systemError("ENOENT"), new TypeError("x is not a function"), "thrown text", undefined])(
    "calls everything else a bug of ours, with its stack",
    (thrown) => {
      const error = asIotctlError(thrown, "check");
      expect(error).toMatchObject({ code: "IOT_BUG", exit: 1 });
      const text = renderError(error);
      expect(text).toContain("This is a bug in iotctl");
      if (thrown instanceof Error) expect(text).toContain("    at ");
    },
  );
});

describe("renderError", () => {
  test("prints message, code and hints, and neutralises control characters", () => {
    const error = new IotctlError("IOT_USAGE", "device said \u001b[2Jboo", {
      hints: ["iotctl a", "iotctl b"],
    });
    expect(renderError(error)).toBe(
      "Error: device said boo\nCode: IOT_USAGE\nTry: iotctl a\nTry: iotctl b\n",
    );
  });
});
