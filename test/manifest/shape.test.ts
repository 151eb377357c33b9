import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDocument, visit } from "yaml";
import { diagnosticsOf, edited, fullRelease, problemsOf, smallRelease } from "./manifest-texts.ts";

const first = (...edits: [string, string][]) => {
  const [diagnostic] = diagnosticsOf(edited(fullRelease, ...edits));
  return { message: diagnostic?.message, hint: diagnostic?.hint };
};

describe("keys", () => {
  it("that are misspelt are one problem: what was missing is explained by them", () => {
    expect(problemsOf(edited(smallRelease, ["kind: firmware", "kin: firmware"]))).toEqual([
      "MISSING_KEY 6:3",
    ]);
    expect(problemsOf(edited(smallRelease, ["variants:", "varaints:"]))).toEqual(["UNKNOWN_KEY 9:5"]);
  });

  it("that resemble nothing come with those there are", () => {
    expect(first(["pairing: observed ", "telemetry: yes "])).toEqual({
      message: "`telemetry` is not a key at the top.",
      hint: expect.stringContaining("The keys here are apiVersion, kind, product"),
    });
  });

  it("that are missing or empty are said at the mapping that lacks them", () => {
    expect(
      first([
        "    id: com.example.fan\n    version: 4.2.0\n    artifact: build/Fan.ipa\n",
        "    version: 4.2.0\n    artifact:\n",
      ]),
    ).toEqual({
      message: "`components.app-ios` has no `id`.",
      hint: undefined,
    });
    expect(
      problemsOf(
        edited(fullRelease, [
          "    id: com.example.fan\n    version: 4.2.0\n    artifact: build/Fan.ipa\n",
          "    version: 4.2.0\n    artifact:\n",
        ]),
      ),
    ).toEqual(["MISSING_KEY 6:3", "MISSING_KEY 10:5"]);
  });

  /** Every key of the full release that the schema fixes, with its place. */
  const fixedKeys: { line: number; column: number; at: number; key: string }[] = [];
  visit(parseDocument(fullRelease), {
    Pair(_, { key }, path) {
      const { source, range } = key as { source: string; range: [number, number, number] };
      const parents = path.flatMap((parent) =>
        "key" in parent && parent.key ? [(parent.key as { source: string }).source] : [],
      );
      const free =
        ["components", "known", "gates", "requires", "variants"].includes(parents.at(-1) ?? "") ||
        parents.at(-2) === "known";
      if (free) return;
      const before = fullRelease.slice(0, range[0]).split("\n");
      fixedKeys.push({ line: before.length, column: before.at(-1)!.length + 1, at: range[0], key: source });
    },
  });

  it("are checked everywhere: any change of any of them is reported where it stands", () => {
    expect(fixedKeys.length).toBe(65);
    fc.assert(
      fc.property(
        fc.constantFrom(...fixedKeys),
        fc.nat(),
        fc.constantFrom("a", "b", "x", "y", "z"),
        ({ line, column, at, key }, position, letter) => {
          const index = position % (key.length + 1);
          const changed = key.slice(0, index) + letter + key.slice(index);
          const text = fullRelease.slice(0, at) + changed + fullRelease.slice(at + key.length);
          const found = diagnosticsOf(text);
          // Without its kind nobody knows which keys a component may have, nor a gate without its measure.
          const expected =
            (key === "kind" && line > 2) || key === "measure"
              ? { code: "IOT_MANIFEST_MISSING_KEY" }
              : { code: "IOT_MANIFEST_UNKNOWN_KEY", line, column, hint: expect.stringContaining(key) };
          expect(found).toContainEqual(expect.objectContaining(expected));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("values", () => {
  it.each<[string, string, string, string | undefined]>([
    [
      "version: 2.0.0",
      "version: 2.0",
      "`2.0` is not a semantic version such as 4.2.0.",
      "The nearest one is 2.0.0.",
    ],
    [
      "version: 2.0.0",
      "version: v2.0.0",
      "`v2.0.0` is not a semantic version such as 4.2.0.",
      "The nearest one is 2.0.0.",
    ],
    ["version: 2.0.0", "version: next", "`next` is not a semantic version such as 4.2.0.", undefined],
    ["version: 2.0.0", "version: [2, 0]", "This list is not a semantic version such as 4.2.0.", undefined],
    [
      'fan: ">=1.8.0" }',
      'fan: "=>1.8.0" }',
      '`=>1.8.0` is not a range of semantic versions such as ">=1.9.0 <3.0.0".',
      undefined,
    ],
    [
      "id: com.example.fan\n    version: 4.2.0\n    artifact: build/F",
      "id: 42\n    version: 4.2.0\n    artifact: build/F",
      "`42` is not text to YAML.",
      'Put it in quotes: "42"',
    ],
    [
      "apps: 1%",
      "apps: 1",
      "`1` is not a percentage such as 10% or a list of 1 to 100 of them.",
      "Write 1%.",
    ],
    ["devices: [10%", "devices: [10", "`10` is not a percentage from 0% to 100%.", "Write 10%."],
    ["devices: [10%", "devices: [110%", "`110%` is not a percentage from 0% to 100%.", undefined],
    [
      "bake: 1h",
      "bake: 90",
      "`90` is not a duration such as 90s, 1h30m or 30d.",
      "Say the unit: 90s, 90m or 90h.",
    ],
    ["bake: 1h", "bake: 1 hour", "`1 hour` is not a duration such as 90s, 1h30m or 30d.", undefined],
    ["label: ring=canary", "label: canary", "`canary` is not a label such as ring=canary.", undefined],
    [
      "label: ring=canary",
      "labels: ring=canary",
      "`labels` is not a key of `rollout.stages.0.devices`.",
      "Did you mean `label`?",
    ],
    ["1.8.0: {}", '1.8.0: { stuck: " " }', "` ` is not a reason of 1 to 200 characters.", undefined],
    [
      "1.8.0: {}",
      `1.8.0: { stuck: ${"x".repeat(201)} }`,
      `\`${"x".repeat(57)}...\` is not a reason of 1 to 200 characters.`,
      undefined,
    ],
    [
      "1.8.0: {}",
      "1.8.0: { security-counter: -1 }",
      "`-1` is not a whole number from 0 to 4294967295.",
      undefined,
    ],
    ["1.8.0: {}", "1.8.0: { stuck: true }", "`true` is not text to YAML.", 'Put it in quotes: "true"'],
    [
      "1.8.0: {}",
      "1.8.0: { stuk: old }",
      "`stuk` is not a key of `known.fan.1.8.0`.",
      "Did you mean `stuck`?",
    ],
    [
      "    deploy: ./deploy.sh",
      "    keeps-versions: 'yes'\n    deploy: ./deploy.sh",
      "`yes` is not true or false.",
      undefined,
    ],
    [
      "    artifact: build/Fan.ipa",
      "    artifact: build/Fan.ipa\n    bridges: { fan: 1.x.y }",
      '`1.x.y` is not a range of semantic versions such as ">=1.9.0 <3.0.0".',
      undefined,
    ],
    [
      "    artifact: build/Fan.ipa",
      "    artifact: build/Fan.ipa\n    bridges: [fan]",
      "This list is not a mapping of at most 100 firmware components to ranges.",
      undefined,
    ],
    ["max: 50", "max: 0", "`0` is not a whole number of devices from 1 to 10000000.", undefined],
    ["max: 50", "max: 1.5", "`1.5` is not a whole number of devices from 1 to 10000000.", undefined],
    ["approve: 1", "approve: -1", "`-1` is not a number of people from 0 to 20.", undefined],
    [
      "updated:   { measure: update-failure, limit: 2%, alpha: 0.05",
      "updated:   { measure: update-failure, limit: 2%, alpha: 0.5",
      "`0.5` is not a number between 0 and 0.5.",
      undefined,
    ],
    [
      "updated:   { measure: update-failure, limit: 2%, alpha: 0.05",
      "updated:   { measure: update-failure, limit: 2%, alpha: .nan",
      "`.nan` is not a number between 0 and 0.5.",
      undefined,
    ],
    [
      "updated:   { measure: update-failure, limit: 2%",
      "updated:   { measure: update-failure, limit: 0%",
      "`0%` is not a percentage between 0.01% and 50%.",
      undefined,
    ],
    [
      "updated:   { measure: update-failure, limit: 2%",
      "updated:   { measure: update-failure, limit: 0.3",
      "`0.3` is not a percentage between 0.01% and 50%.",
      "Write 0.3%, or 30%.",
    ],
    ["below: 0.5%", "below: 0.5", "`0.5` is not a percentage from 0% to 10%.", "Write 0.5%."],
    [
      "updated:   { measure: update-failure",
      "updated:   { measure: update-failures",
      "`update-failures` is none of `update-failure`, `silent-after-update`, `count`, `metric`.",
      "Did you mean `update-failure`?",
    ],
    ["below: 0.5%", "below: 50%", "`50%` is not a percentage from 0% to 10%.", undefined],
    ["unseen: 30d", "unseen: 0d", "`0d` is not a duration above zero such as 90s, 1h30m or 30d.", undefined],
    [
      "kind: firmware",
      "kind: frimware",
      "`frimware` is none of `app`, `firmware`, `service`.",
      "Did you mean `firmware`?",
    ],
    ["kind: Release", "kind: Bundle", "`Bundle` is not `Release`.", undefined],
    [
      "  cloud:\n    kind",
      "  Cloud_1:\n    kind",
      "`Cloud_1` is not a name of lower-case letters, digits and single hyphens such as app-ios.",
      undefined,
    ],
    [
      "url: https://api.example.com/version",
      "url: https://me:secret@api.example.com/",
      "What stands here is not an http or https address without a user name or password.",
      undefined,
    ],
    ["retire: { below: 0.5%, unseen: 30d }", "retire: 30d", "`30d` is not a mapping.", undefined],
    ["artifact: build/Fan.ipa", "artifact: ''", "`` is not the path of a file.", undefined],
  ])("%s → %s", (from, to, message, hint) => {
    const found = diagnosticsOf(edited(fullRelease, [from, to])).find(
      (diagnostic) => diagnostic.message === message,
    );
    expect(found).toBeDefined();
    expect(found?.hint).toBe(hint);
  });
});
