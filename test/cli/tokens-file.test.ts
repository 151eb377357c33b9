import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { deviceToken } from "../../src/cli/device-token.ts";
import { readTokens, writeTokens } from "../../src/cli/tokens-file.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("tokens are kept for their owner alone", () => {
  const file = join(temporaryDirectory(), "tokens.json");
  expect(readTokens(file)).toEqual({});
  writeTokens(file, { a: "1" });
  writeTokens(file, { ...readTokens(file), b: "2" });
  expect(readTokens(file)).toEqual({ a: "1", b: "2" });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each(["", "[]", "null", '{"a":1}', "{"])("a file with %j is not taken for tokens", (content) => {
  const file = join(temporaryDirectory(), "tokens.json");
  writeFileSync(file, content);
  expect(() => readTokens(file)).toThrow(expect.objectContaining({ code: "IOT_FILE_UNREADABLE" }));
});

test("a device's token comes from its file, else from the environment", () => {
  const file = join(temporaryDirectory(), "a.token");
  writeFileSync(file, "from-file\n");
  expect(deviceToken(file, { IOTCTL_DEVICE_TOKEN: "from-env" })).toBe("from-file");
  expect(deviceToken(undefined, { IOTCTL_DEVICE_TOKEN: "from-env" })).toBe("from-env");
  expect(() => deviceToken(undefined, {})).toThrow(expect.objectContaining({ code: "IOT_TOKEN_MISSING" }));
});
