import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../src/manifest/diagnostic.ts";
import { localTimeHint } from "../../src/manifest/local-time.ts";
import { normaliseFreeze } from "../../src/manifest/normalise-freeze.ts";
import { readEnvironments } from "../../src/manifest/read-environments.ts";
import { thrownBy } from "../support/thrown-by.ts";

const freeze = (from: string, until: string): [string, string] => {
  const { fromMs, untilMs } = normaliseFreeze({ from, until, why: "end of year" });
  return [new Date(fromMs).toISOString(), new Date(untilMs).toISOString()];
};

describe("a freeze", () => {
  it("lasts until the end of its last day, by the clocks of its zone", () => {
    expect(freeze("2026-12-18 Europe/Amsterdam", "2027-01-03 Europe/Amsterdam")).toEqual([
      "2026-12-17T23:00:00.000Z",
      "2027-01-03T23:00:00.000Z",
    ]);
    expect(freeze("2026-06-01T12:00 Asia/Kolkata", "2026-06-01T12:30 Asia/Kolkata")).toEqual([
      "2026-06-01T06:30:00.000Z",
      "2026-06-01T07:00:00.000Z",
    ]);
  });

  it("lasts longer where clocks are put forward or back over its ends", () => {
    const twice = "2026-10-25T02:30 Europe/Amsterdam";
    expect(freeze(twice, twice)).toEqual(["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"]);
    const never = "2026-03-29T02:30 Europe/Amsterdam";
    expect(freeze(never, never)).toEqual(["2026-03-29T00:30:00.000Z", "2026-03-29T01:30:00.000Z"]);
    // A day that begins at one: Cairo, 24 April 2026.
    expect(freeze("2026-04-24 Africa/Cairo", "2026-04-24 Africa/Cairo")[1]).toBe("2026-04-24T21:00:00.000Z");
  });

  it.each([
    ["2026-12-18", "Say by whose clocks: 2026-12-18 UTC, or a zone such as Europe/Amsterdam."],
    ["2026-12-18 18:00 UTC", "Write `2026-12-18T18:00 UTC`."],
    ["2026-12-18 Europe/Amsterdm", "Write `2026-12-18 Europe/Amsterdam`."],
    [
      "2026-12-18 Mars/Olympus",
      "`Mars/Olympus` is no time zone; write UTC, or an area and a place such as Europe/Amsterdam.",
    ],
    ["2026-02-31 UTC", "There is no 2026-02-31."],
    ["2026-12-18T25:00 UTC", "There is no 2026-12-18T25:00."],
    ["tomorrow", null],
  ])("does not begin at `%s`", (text, hint) => {
    expect(localTimeHint(text)).toBe(hint);
  });

  it("is an error at its place when it is none", async () => {
    const text = `apiVersion: iotctl.dev/v1
kind: Environments
environments:
  local:
    freezes:
      - { from: 2026-12-18 UTC, until: 2026-12-17 UTC, why: backwards }
      - { from: 2026-12-18, until: 2026-12-19 UTC, why: "" }
      - { from: 2026-12-18 UTC, until: 2026-12-18 UTC, why: one day }
      - { from: 2026-12-18T10:00 UTC, until: 2026-12-18T10:00 UTC, why: nothing }
      - { from: 2026-12-18 UTC, why: for ever }
`;
    const error = await thrownBy(async () =>
      readEnvironments("iotctl.yaml", text, { env: {}, name: "local" }),
    );
    const found = error.details["diagnostics"] as readonly Diagnostic[];
    expect(found.map(({ code, line, column }) => `${code} ${line}:${column}`)).toEqual([
      "IOT_MANIFEST_FREEZE_EMPTY 6:40",
      "IOT_MANIFEST_BAD_VALUE 7:17",
      "IOT_MANIFEST_BAD_VALUE 7:57",
      "IOT_MANIFEST_FREEZE_EMPTY 9:46",
      "IOT_MANIFEST_MISSING_KEY 10:9",
    ]);
    expect(found[1]?.message).toContain(
      "such as 2026-12-18 Europe/Amsterdam or 2026-12-18T18:00 Europe/Amsterdam",
    );
  });
});
