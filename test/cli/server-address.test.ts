import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { controlToken, serverAddress } from "../../src/cli/server-address.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

function serverIn(dir: string): { what: string; dir: string; startWith: string } {
  return { what: "fleet server", dir, startWith: "iotctl fleet serve" };
}

describe("serverAddress", () => {
  test("reads what the server wrote", () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, "address.json"), '{"url":"http://127.0.0.1:4000","pid":1}');
    expect(serverAddress(serverIn(dir))).toBe("http://127.0.0.1:4000");
  });

  test("says how to start a server that is not there", () => {
    expect(() => serverAddress(serverIn(temporaryDirectory()))).toThrow(
      expect.objectContaining({ code: "IOT_SERVER_NOT_STARTED", exit: 7, hints: ["iotctl fleet serve"] }),
    );
  });

  test.each(["", "null", "[]", '{"url":7}', '{"url":"not a url"}', "\u0000\u0001"])(
    "refuses %j",
    (content) => {
      const dir = temporaryDirectory();
      writeFileSync(join(dir, "address.json"), content);
      expect(() => serverAddress(serverIn(dir))).toThrow(
        expect.objectContaining({ code: "IOT_FILE_UNREADABLE" }),
      );
    },
  );

  test("refuses a directory in the file's place", () => {
    const dir = temporaryDirectory();
    mkdirSync(join(dir, "address.json"));
    expect(() => serverAddress(serverIn(dir))).toThrow(
      expect.objectContaining({ code: "IOT_FILE_UNREADABLE" }),
    );
  });
});

describe("controlToken", () => {
  test("comes from the server's directory", () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, "control-token"), "secret\n");
    expect(controlToken(serverIn(dir), undefined, {})).toBe("secret");
  });

  test("comes from the variable that the environment names, and from nowhere else then", () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, "control-token"), "secret\n");
    expect(controlToken(serverIn(dir), "FLEET_TOKEN", { FLEET_TOKEN: "other " })).toBe("other");
    for (const env of [{}, { FLEET_TOKEN: "" }, { FLEET_TOKEN: " " }]) {
      expect(() => controlToken(serverIn(dir), "FLEET_TOKEN", env)).toThrow(
        expect.objectContaining({ code: "IOT_TOKEN_MISSING", exit: 7 }),
      );
    }
  });

  test("is missing where no server has been", () => {
    expect(() => controlToken(serverIn(temporaryDirectory()), undefined, {})).toThrow(
      expect.objectContaining({ code: "IOT_SERVER_NOT_STARTED" }),
    );
  });
});
