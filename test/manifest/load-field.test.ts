import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IotctlError } from "../../src/base/errors.ts";
import { compareVersions } from "../../src/compat/versions.ts";
import { loadField } from "../../src/manifest/load-field.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { edited, fullRelease, releaseOf } from "./manifest-texts.ts";

const release = releaseOf(fullRelease);

function fileWith(content: string): string {
  const path = join(temporaryDirectory(), "field.json");
  writeFileSync(path, content);
  return path;
}

const load = (value: unknown) => loadField(fileWith(JSON.stringify(value)), release);

/** What is wrong with a field, one sentence each. */
function problems(content: string): string[] {
  try {
    loadField(fileWith(content), release);
  } catch (error) {
    if (error instanceof IotctlError && error.code === "IOT_FIELD_INVALID") {
      expect(error.exit).toBe(2);
      return error.details["problems"] as string[];
    }
    throw error;
  }
  return [];
}

describe("a field file", () => {
  it("lists versions, and what it leaves out is in nobody's use", () => {
    expect(load({ "app-ios": ["4.1.0"], fan: ["1.9.4", "1.8.0"] })).toEqual({
      live: { "app-ios": ["4.1.0"], "app-android": [], fan: ["1.8.0", "1.9.4"], cloud: [] },
      shares: {},
      hardware: {},
    });
  });

  it("gives shares as numbers or percentages, and hardware", () => {
    const fan = { "1.8.0": { share: 0.2, hardware: ["fan-b2", "fan-a1"] }, "1.9.4": "80%" };
    expect(load({ fan, cloud: { "5.1.0": 1 } })).toMatchObject({
      live: { fan: ["1.8.0", "1.9.4"], cloud: ["5.1.0"] },
      shares: { fan: { "1.8.0": 0.2, "1.9.4": 0.8 }, cloud: { "5.1.0": 1 } },
      hardware: { fan: { "1.8.0": ["fan-a1", "fan-b2"] } },
    });
    expect(load({ fan: { "1.8.0": { hardware: ["fan-a1"] } } })).toMatchObject({
      live: { fan: ["1.8.0"] },
      shares: {},
      hardware: { fan: { "1.8.0": ["fan-a1"] } },
    });
  });

  it("keeps a share that counts as gone, and does not count it as live", () => {
    const fan = { "1.7.0": 0, "1.8.0": 0.0049, "1.9.4": 0.005, "2.0.0": 0.9901 };
    const field = load({ fan });
    expect(field.live["fan"]).toEqual(["1.9.4", "2.0.0"]);
    expect(field.shares["fan"]).toEqual(fan);
    const everything = releaseOf(edited(fullRelease, ["below: 0.5%", "below: 0%"]));
    const { live } = loadField(fileWith(JSON.stringify({ fan })), everything);
    expect(live["fan"]).toEqual(["1.8.0", "1.9.4", "2.0.0"]);
  });

  it("takes thirds for a whole", () => {
    const thirds = { "1.7.0": "33%", "1.8.0": "33%", "1.9.4": "33%" };
    expect(load({ fan: thirds }).live["fan"]).toHaveLength(3);
  });

  it.each([
    ["[]", "It is not a mapping of components to their versions."],
    ["null", "It is not a mapping of components to their versions."],
    ['{"fna": ["1.8.0"]}', "`fna` is not a component of ceiling-fan. Did you mean fan?"],
    [
      '{"__proto__": ["1.8.0"]}',
      "`__proto__` is not a component of ceiling-fan. The components are app-ios, app-android, fan, cloud.",
    ],
    ['{"fan": "1.8.0"}', "fan must have a list of versions, or a mapping of versions to shares."],
    ['{"fan": []}', "fan has no version; leave it out when nobody uses it."],
    ['{"fan": {}}', "fan has no version; leave it out when nobody uses it."],
    ['{"fan": ["1.8"]}', 'fan: `"1.8"` is not a semantic version; the nearest one is 1.8.0.'],
    ['{"fan": [1.8]}', "fan: `1.8` is not a semantic version; the nearest one is 1.8.0."],
    ['{"fan": ["v1.8.0"]}', 'fan: `"v1.8.0"` is not a semantic version; the nearest one is 1.8.0.'],
    ['{"fan": [{}]}', "fan: `{}` is not a semantic version."],
    ['{"fan": ["1.8.0", "1.8.0"]}', "fan has 1.8.0 twice."],
    ['{"fan": {"1.8.0": 0.2, "1.9.4": 0.7}}', "The shares of fan add up to 0.9, not to 1."],
    [
      '{"fan": {"1.8.0": 80, "1.9.4": 20}}',
      'fan 1.8.0: `80` is not a share such as 0.2 or "20%", at most 1 or "100%".',
    ],
    [
      '{"fan": {"1.8.0": -0.5, "1.9.4": 1}}',
      'fan 1.8.0: `-0.5` is not a share such as 0.2 or "20%", at most 1 or "100%".',
    ],
    [
      '{"fan": {"1.8.0": "half"}}',
      'fan 1.8.0: `"half"` is not a share such as 0.2 or "20%", at most 1 or "100%".',
    ],
    [
      '{"fan": {"1.8.0": null}}',
      'fan 1.8.0: `null` is not a share such as 0.2 or "20%", at most 1 or "100%".',
    ],
    ['{"fan": {"1.8.0": {}, "1.9.4": 1}}', "fan has shares for some versions, but none for 1.8.0."],
    ['{"fan": {"1.8.0": {"shares": 1}}}', "fan 1.8.0 has `shares`; it takes share and hardware."],
    [
      '{"fan": {"1.8.0": {"hardware": []}}}',
      'fan 1.8.0: hardware must be a list of hardware models, such as ["fan-a1"].',
    ],
    [
      '{"fan": {"1.8.0": {"hardware": "a1"}}}',
      'fan 1.8.0: hardware must be a list of hardware models, such as ["fan-a1"].',
    ],
    ['{"cloud": {"5.1.0": {"hardware": ["a1"]}}}', "cloud 5.1.0 has hardware, but cloud is not firmware."],
  ])("is refused: %s", (content, problem) => {
    expect(problems(content)).toContain(problem);
  });

  it("that is not JSON is refused in the same way", () => {
    expect(problems('{"fan": ["1.8.0"')[0]).toMatch(/^It is not JSON: /);
    expect(problems("")[0]).toMatch(/^It is not JSON: /);
  });

  it("reports everything at once, but not without end", () => {
    expect(problems('{"fna": ["1.8.0"], "fan": [], "cloud": ["5"]}')).toHaveLength(3);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x${index}`, []]));
    expect(problems(JSON.stringify(many))).toHaveLength(20);
    expect(() => load(many)).toThrow("... and 30 more.");
    const versions = Array.from({ length: 201 }, (_, index) => `1.0.${index}`);
    expect(problems(JSON.stringify({ fan: versions }))).toEqual([
      "fan has 201 versions, and at most 200 are read.",
    ]);
  });

  it("that is missing, a directory or huge is said to be unreadable", () => {
    const dir = temporaryDirectory();
    mkdirSync(join(dir, "field.json"));
    const huge = fileWith(`{"fan": ["${"1".repeat(1024 * 1024)}"]}`);
    for (const path of [join(dir, "nowhere.json"), join(dir, "field.json"), huge]) {
      expect(() => loadField(path, release)).toThrow(
        expect.objectContaining({ code: "IOT_FILE_UNREADABLE", exit: 2 }),
      );
    }
  });

  it("loads for any shares that add up, and lives where they count", () => {
    const version = fc.tuple(fc.nat(9), fc.nat(9)).map(([minor, patch]) => `1.${minor}.${patch}`);
    const weights = fc.dictionary(version, fc.integer({ min: 1, max: 1000 }), { minKeys: 1, maxKeys: 12 });
    fc.assert(
      fc.property(weights, (given) => {
        const total = Object.values(given).reduce((sum, weight) => sum + weight, 0);
        const shares = Object.fromEntries(
          Object.entries(given).map(([key, weight]) => [key, weight / total]),
        );
        const field = load({ fan: shares });
        expect(field.shares["fan"]).toEqual(shares);
        const expected = Object.keys(shares).filter((key) => shares[key]! >= 0.005);
        expect(field.live["fan"]).toEqual(expected.toSorted(compareVersions));
      }),
      { numRuns: 50 },
    );
  });

  it("of any JSON is loaded or refused, never more", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom("fan", "cloud", "x"), (json, component) => {
        problems(json);
        problems(`{${JSON.stringify(component)}: ${json}}`);
      }),
      { numRuns: 100 },
    );
  });
});
