import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diagnosticsOf, edited, fullRelease, problemsOf, smallRelease } from "./manifest-texts.ts";

/** What is found when parts of the full release are replaced. */
const found = (...edits: [string, string][]): string[] => problemsOf(edited(fullRelease, ...edits));
const stages = (...lines: string[]): string[] =>
  problemsOf(`${smallRelease}rollout:\n  stages:\n${lines.map((line) => `    - ${line}`).join("\n")}\n`);

describe("pins", () => {
  it("name components of the release", () => {
    expect(found(['    requires: { fan: ">=1.8.0" }', '    requires: { fna: ">=1.8.0" }'])).toEqual([
      "COMPONENT_UNKNOWN 29:17",
    ]);
    const [diagnostic] = diagnosticsOf(
      edited(fullRelease, ["5.1.0: { requires: { fan", "5.1.0: { requires: { fam"]),
    );
    expect(diagnostic).toMatchObject({ line: 35, column: 33, hint: "Did you mean `fan`?" });
  });

  it("are satisfied by some version in the file", () => {
    expect(found(['cloud: ">=5.1.0"', 'cloud: ">=6.0.0"'])).toEqual(["PIN_UNSATISFIABLE 25:68"]);
    expect(found(['cloud: ">=5.1.0"', 'cloud: "5.1.0"'])).toEqual(["PIN_CONTRADICTED 25:68"]);
  });

  it("of known versions that nothing satisfies are only odd", () => {
    const text = edited(fullRelease, [
      '5.1.0: { requires: { fan: ">=1.8.0 <3.0.0"',
      '5.1.0: { requires: { fan: "<1.0.0"',
    ]);
    expect(diagnosticsOf(text)).toMatchObject([
      { severity: "warning", code: "IOT_MANIFEST_PIN_UNSATISFIABLE", line: 35 },
    ]);
  });

  it("do not name the component itself", () => {
    expect(found(['requires: { app-ios: ">=4.1.0",', 'requires: { fan: ">=1.0.0",'])).toEqual([
      "PIN_ON_ITSELF 25:17",
    ]);
  });

  it("agree with the peer that the same release brings", () => {
    const edit: [string, string] = ['cloud: ">=5.1.0"', 'cloud: "<5.2.0"'];
    expect(found(edit)).toEqual(["PIN_CONTRADICTED 25:68"]);
    const [diagnostic] = diagnosticsOf(edited(fullRelease, edit));
    expect(diagnostic?.message).toContain(
      "fan 2.0.0 needs cloud `<5.2.0`, but this release brings cloud 5.2.0",
    );
  });

  it("are not judged against versions that cannot be read", () => {
    expect(found(["version: 5.2.0", "version: five"])).toEqual(["BAD_VALUE 28:14"]);
    expect(found(['cloud: ">=5.1.0"', 'cloud: ">=9.0.0"'], ["{ 5.1.0:", "{ 5.1:"])).toEqual(
      ["PIN_UNSATISFIABLE 25:68", "BAD_VALUE 35:12"].slice(1),
    );
  });
});

describe("known versions", () => {
  it("belong to a component", () => {
    expect(found(["  app-ios: { 4.1.0", "  app-ois: { 4.1.0"])).toEqual(["COMPONENT_UNKNOWN 33:3"]);
  });

  it("are not the one that is released, whatever its build metadata", () => {
    expect(found(["cloud: { 5.1.0", "cloud: { 5.2.0"])).toEqual(["KNOWN_IS_RELEASED 35:12"]);
    expect(found(["cloud: { 5.1.0", "cloud: { 5.2.0+b7"])).toEqual(["KNOWN_IS_RELEASED 35:12"]);
  });

  it("have the keys of their kind", () => {
    expect(found(["1.8.0: {}", "1.8.0: { artifact: a.bin }"])).toEqual(["KNOWN_MISFIT 38:14"]);
    expect(found(["{ 5.1.0: {", "{ 5.1.0: { installs-over: <5.0.0,"])).toEqual(["KNOWN_MISFIT 35:21"]);
    expect(found(["app-ios: { 4.1.0: {", "app-ios: { 4.1.0: { artifact: old.ipa,"])).toEqual([]);
  });
});

describe("security counters", () => {
  const fan = '    installs-over: ">=1.8.0 <2.0.0"';

  it("are of firmware alone", () => {
    expect(found(["{ 5.1.0: {", "{ 5.1.0: { security-counter: 1,"])).toEqual(["KNOWN_MISFIT 35:21"]);
    expect(
      found(["1.8.0: {}", "1.8.0: { security-counter: 1 }"], [fan, `${fan}\n    security-counter: 1`]),
    ).toEqual([]);
  });

  it("that fall leave devices behind", () => {
    const text = edited(fullRelease, ["1.8.0: {}", "1.8.0: { security-counter: 2 }"]);
    expect(diagnosticsOf(text)).toMatchObject([
      { severity: "warning", code: "IOT_MANIFEST_COUNTER_FALLS", line: 21 },
    ]);
    const said = edited(text, [fan, `${fan}\n    security-counter: 1`]);
    expect(diagnosticsOf(said)).toMatchObject([
      { line: 25, message: expect.stringContaining("has security counter 1, and fan 1.8.0 has 2") },
    ]);
    expect(found(["1.8.0: {}", "2.1.0: { security-counter: 2 }"])).toEqual([]);
  });
});

describe("bridges", () => {
  const app = (bridges: string): [string, string] => [
    "artifact: build/Fan.ipa\n",
    `artifact: build/Fan.ipa\n    bridges: ${bridges}\n`,
  ];
  const known = (bridges: string): [string, string] => [
    "app-ios: { 4.1.0: {",
    `app-ios: { 4.1.0: { bridges: ${bridges},`,
  ];

  it("lead to firmware of the release, from an app or a known version of one", () => {
    expect(found(app('{ fan: ">=1.0.0" }'))).toEqual([]);
    expect(found(known('{ fan: ">=1.0.0" }'))).toEqual([]);
    expect(found(app("{ fna: ^1.0.0 }"))).toEqual(["COMPONENT_UNKNOWN 12:16"]);
    expect(found(known("{ fna: ^1.0.0 }"))).toEqual(["COMPONENT_UNKNOWN 33:34"]);
    expect(found(app("{ cloud: ^5.0.0 }"))).toEqual(["BRIDGE_TO_OTHER 12:16"]);
    expect(found(known("{ app-ios: ^5.0.0 }"))).toEqual(["BRIDGE_TO_OTHER 33:34"]);
    const [unknown] = diagnosticsOf(edited(fullRelease, app("{ fna: ^1.0.0 }")));
    expect(unknown).toMatchObject({
      message: "app-ios bridges `fna`, which is not a component of this release.",
      hint: "Did you mean `fan`?",
    });
    const [other] = diagnosticsOf(edited(fullRelease, app("{ cloud: ^5.0.0 }")));
    expect(other).toMatchObject({
      message: "app-ios bridges `cloud`, which is of kind service; only firmware can be bridged.",
      hint: "The firmware here is fan.",
    });
  });

  it("are for apps alone", () => {
    expect(found(['installs-over: ">=1.8.0 <2.0.0"', "bridges: { app-ios: ^4.0.0 }"])).toEqual([
      "UNKNOWN_KEY 24:5",
    ]);
    expect(found(["1.8.0: {}", "1.8.0: { bridges: { app-ios: ^4.0.0 } }"])).toEqual(["KNOWN_MISFIT 38:14"]);
  });

  it("are odd where nobody knows which phones meet which device", () => {
    const text = edited(fullRelease, app("{ fan: ^1.0.0 }"), ["pairing: observed ", "pairing: arbitrary "]);
    expect(diagnosticsOf(text)).toMatchObject([
      {
        severity: "warning",
        code: "IOT_MANIFEST_BRIDGE_UNUSED",
        line: 12,
        column: 5,
        message: "app-ios bridges fan, but pairing is arbitrary.",
      },
    ]);
    expect(found(app("{ fan: ^1.0.0 }"), ["pairing: observed ", "pairing: observd "])).toHaveLength(1);
  });

  it("to firmware that cannot be read are not judged", () => {
    expect(found(app("{ fan: ^1.0.0 }"), ["version: 2.0.0", "version: two"])).toEqual(["BAD_VALUE 23:14"]);
  });
});

describe("firmware", () => {
  it("does not install over itself", () => {
    expect(found(['installs-over: ">=1.8.0 <2.0.0"', 'installs-over: ">=1.8.0"'])).toEqual([
      "INSTALLS_OVER_ITSELF 24:20",
    ]);
    expect(found(['installs-over: ">=1.8.0 <1.9.4"', 'installs-over: "<=1.9.4"'])).toEqual([
      "INSTALLS_OVER_ITSELF 37:103",
    ]);
  });
});

describe("apps", () => {
  it("are one component per store", () => {
    expect(found(["platform: android", "platform: ios"])).toEqual(["APP_TWICE 16:9"]);
  });
});

describe("hardware", () => {
  const lamp = (models: string): string =>
    `  lamp:\n    kind: firmware\n    version: 1.0.0\n    variants: { ${models} }\nknown:`;

  it("belongs to one firmware component, known versions included", () => {
    expect(found(["known:", lamp("lamp-a: a.bin, fan-b2: b.bin")])).toEqual(["HARDWARE_TWICE 35:32"]);
    expect(
      found(
        ["known:", lamp("lamp-a: a.bin")],
        ["variants: { fan-a1: old/", "variants: { lamp-a: old/l.bin, fan-a1: old/"],
      ),
    ).toEqual(["HARDWARE_TWICE 41:26"]);
    const [diagnostic] = diagnosticsOf(edited(fullRelease, ["known:", lamp("fan-a1: a.bin")]));
    expect(diagnostic?.message).toBe("lamp has an image for the hardware `fan-a1`, and so has fan.");
  });

  it("is reported once for each component after the first, for any spread of models", () => {
    const models = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(models, { minLength: 1, maxLength: 4 }), (spread) => {
        const components = spread.map((own, index) => {
          const variants = own.map((model) => `${model}: ${model}.bin`).join(", ");
          return `  f${index}: { kind: firmware, version: 1.0.0, variants: { ${variants} } }`;
        });
        const text = `${smallRelease.split("components:")[0]}components:\n${components.join("\n")}\n`;
        const expected = spread.flat().length - new Set(spread.flat()).size;
        const codes = diagnosticsOf(text).map(({ code }) => code);
        expect(codes).toEqual(Array.from({ length: expected }, () => "IOT_MANIFEST_HARDWARE_TWICE"));
      }),
      { numRuns: 60 },
    );
  });
});

describe("stages", () => {
  it("have names of their own", () => {
    expect(stages("{ name: a, devices: 10% }", "{ name: a, devices: 100% }")).toEqual(["STAGE_TWICE 13:15"]);
  });

  it("select somebody", () => {
    expect(stages("{ name: a }", "{ name: b, devices: 100% }")).toEqual(["STAGE_EMPTY 12:7"]);
  });

  it("are reached only before everybody is covered", () => {
    expect(
      stages("{ name: a, devices: 100% }", "{ name: b, devices: 100% }", "{ name: c, apps: 100% }"),
    ).toEqual(["STAGE_UNREACHABLE 13:7", "STAGE_UNREACHABLE 14:7"]);
    expect(
      found(
        [
          "name: canary, devices: { label: ring=canary, max: 50 }, apps: 1%",
          "name: canary, devices: 100%, apps: 100%",
        ],
        ["devices: [10%, 50%, 100%], apps: [10%, 50%, 100%]", "devices: 100%"],
      ),
    ).toEqual(["STAGE_UNREACHABLE 42:7"]);
  });

  it("still have somebody to reach while the apps are not everywhere", () => {
    expect(
      found(
        [
          "name: canary, devices: { label: ring=canary, max: 50 }, apps: 1%",
          "name: canary, devices: 100%, apps: 1%",
        ],
        ["devices: [10%, 50%, 100%], apps: [10%, 50%, 100%]", "apps: 100%"],
      ),
    ).toEqual([]);
  });

  it("never take devices or users back, within a stage or from one to the next", () => {
    expect(stages("{ name: a, devices: [10%, 5%, 100%] }")).toEqual(["PERCENT_FALLS 12:33"]);
    expect(stages("{ name: a, devices: 50% }", "{ name: b, devices: [20%, 100%] }")).toEqual([
      "PERCENT_FALLS 13:28",
    ]);
    expect(stages("{ name: a, apps: 50%, devices: 1% }", "{ name: b, devices: 100%, apps: 40% }")).toEqual([
      "PERCENT_FALLS 13:39",
    ]);
  });

  it("that end before everybody is covered are odd", () => {
    expect(stages("{ name: a, devices: 50% }")).toEqual(["ROLLOUT_PARTIAL 12:7"]);
    expect(
      diagnosticsOf(`${smallRelease}rollout: { stages: [{ name: a, devices: { label: a=b } }] }`),
    ).toMatchObject([{ severity: "warning" }]);
  });

  it("name gates that exist, built in or defined", () => {
    expect(
      found(["apps: 1%, bake: 1h, gates: [updated, heartbeat]", "apps: 1%, bake: 1h, gates: [updatd, x]"]),
    ).toEqual(["GATE_UNKNOWN 41:93", "GATE_UNKNOWN 41:101"]);
    expect(stages("{ name: a, devices: 100%, gates: [heartbeat] }")).toEqual([]);
    expect(
      diagnosticsOf(`${smallRelease}rollout: { stages: [{ name: a, devices: 100%, gates: [] }] }`),
    ).toMatchObject([{ severity: "warning", code: "IOT_MANIFEST_GATE_MISSING" }]);
  });

  it("that the schema refuses do not hide what is wrong with the rest", () => {
    expect(
      stages("{ name: a, devices: [50%, 40%], bake: 60 }", "{ name: b, devices: 100%, gates: [nope] }"),
    ).toEqual(["PERCENT_FALLS 12:33", "BAD_VALUE 12:45", "GATE_UNKNOWN 13:41"]);
  });

  it("that lack what the schema refused are not called empty or partial for it", () => {
    expect(stages("{ name: a, devices: 100 }")).toEqual(["BAD_VALUE 12:27"]);
    expect(stages("{ name: a, devices: [100, 100%], gates: [nope] }")).toEqual([
      "BAD_VALUE 12:28",
      "GATE_UNKNOWN 12:48",
    ]);
  });

  it("without a name do not hide what is wrong elsewhere", () => {
    expect(found(["name: canary, ", ""], ["cloud: { 5.1.0", "cloud: { 5.2.0"])).toEqual([
      "KNOWN_IS_RELEASED 35:12",
      "MISSING_KEY 41:7",
    ]);
  });

  it("are measured against the highest share before them", () => {
    expect(stages("{ name: a, devices: [50%, 20%, 30%, 100%] }")).toEqual([
      "PERCENT_FALLS 12:33",
      "PERCENT_FALLS 12:38",
    ]);
  });

  it("that share a mistake by an alias share the report of it", () => {
    const text = edited(
      fullRelease,
      ["bake: 1h, gates: [updated, heartbeat]", "bake: 1h, gates: &gates [nope]"],
      ["bake: 24h, gates: [updated, heartbeat]", "bake: 24h, gates: *gates"],
    );
    expect(problemsOf(text)).toEqual(["GATE_UNKNOWN 41:100"]);
  });
});
