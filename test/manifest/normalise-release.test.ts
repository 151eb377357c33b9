import { describe, expect, it } from "vitest";
import { factsOfRelease } from "../../src/manifest/release-facts.ts";
import { diagnosticsOf, edited, fullRelease, problemsOf, releaseOf, smallRelease } from "./manifest-texts.ts";

const hourMs = 3_600_000;

describe("a release that says everything", () => {
  it("loads without a word", () => {
    expect(problemsOf(fullRelease)).toEqual([]);
  });

  it("keeps what it says, in numbers that need no parsing", () => {
    const release = releaseOf(fullRelease);
    expect(Object.keys(release.components)).toEqual(["app-ios", "app-android", "fan", "cloud"]);
    expect(release.components["fan"]).toEqual({
      kind: "firmware",
      version: "2.0.0",
      variants: { "fan-a1": "build/fan-a1.bin", "fan-b2": "build/fan-b2.bin" },
      installsOver: ">=1.8.0 <2.0.0",
      requires: { "app-ios": ">=4.1.0", "app-android": ">=4.1.0", cloud: ">=5.1.0" },
    });
    expect(release.known["fan"]).toEqual({
      "1.9.4": {
        requires: {},
        variants: { "fan-a1": "old/fan-a1-1.9.4.bin", "fan-b2": "old/fan-b2-1.9.4.bin" },
        installsOver: ">=1.8.0 <1.9.4",
      },
      "1.8.0": { requires: {} },
    });
    expect(release.rollout.stages[0]).toEqual({
      name: "canary",
      waves: [{ devices: { kind: "label", label: "ring", value: "canary", max: 50 }, appsPercent: 1 }],
      bakeMs: hourMs,
      gates: ["updated", "heartbeat"],
      approvalsRequired: 0,
    });
    expect(release.gates["heartbeat"]).toEqual({
      measure: "silent-after-update",
      limitPercent: 2,
      alpha: 0.05,
      deadlineMs: 6 * hourMs,
    });
    expect(release).toMatchObject({
      retire: { belowPercent: 0.5, unseenMs: 30 * 24 * hourMs },
      pairing: "observed",
      onFailure: "rollback",
    });
  });
});

describe("what a plan may do beyond the plain moves", () => {
  const loaded = (...edits: [string, string][]) => releaseOf(edited(fullRelease, ...edits));

  it("keeps bridges, stuck versions and services that serve two versions", () => {
    const release = loaded(
      ["artifact: build/Fan.ipa", 'artifact: build/Fan.ipa\n    bridges: { fan: ">=1.0.0" }'],
      ["deploy: ./deploy.sh ", "keeps-versions: true\n    deploy: ./deploy.sh "],
      ["1.8.0: {}", "1.8.0: { stuck: no room for a second slot }"],
      ["app-ios: { 4.1.0: {", 'app-ios: { 4.1.0: { bridges: { fan: "<1.9.0" },'],
    );
    expect(release.components).toMatchObject({
      "app-ios": { bridges: { fan: ">=1.0.0" } },
      cloud: { keepsVersions: true },
    });
    expect(release.known).toMatchObject({
      fan: { "1.8.0": { requires: {}, stuck: "no room for a second slot" } },
      "app-ios": { "4.1.0": { bridges: { fan: "<1.9.0" } } },
    });
    expect(factsOfRelease(release)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ component: "app-ios", version: "4.2.0", bridges: { fan: ">=1.0.0" } }),
        expect.objectContaining({ component: "app-ios", version: "4.1.0", bridges: { fan: "<1.9.0" } }),
        expect.objectContaining({ component: "cloud", version: "5.2.0", keepsVersions: true }),
        expect.objectContaining({ component: "fan", version: "1.8.0", stuck: "no room for a second slot" }),
      ]),
    );
  });

  it("keeps the security counters of firmware, of the release and of known versions", () => {
    const release = loaded(
      ['    installs-over: ">=1.8.0 <2.0.0"', '    installs-over: ">=1.8.0 <2.0.0"\n    security-counter: 3'],
      ["1.8.0: {}", "1.8.0: { security-counter: 2 }"],
    );
    expect(release.components["fan"]).toMatchObject({ securityCounter: 3 });
    expect(release.known["fan"]?.["1.8.0"]).toEqual({ requires: {}, securityCounter: 2 });
    expect(factsOfRelease(release)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ version: "2.0.0", securityCounter: 3 }),
        expect.objectContaining({ version: "1.8.0", securityCounter: 2 }),
      ]),
    );
  });

  it("means the same as nothing when it says no", () => {
    const release = loaded(
      ["artifact: build/Fan.ipa", "artifact: build/Fan.ipa\n    bridges: {}"],
      ["deploy: ./deploy.sh ", "keeps-versions: false\n    deploy: ./deploy.sh "],
      ["1.8.0: {}", "1.8.0: { security-counter: 0 }"],
    );
    expect(release).toEqual(releaseOf(fullRelease));
    expect(JSON.stringify(factsOfRelease(release))).not.toMatch(
      /bridges|stuck|keepsVersions|securityCounter/,
    );
  });
});

describe("a release that says the least", () => {
  it("gets one stage for everybody with the built-in gate, and careful defaults", () => {
    const { components, ...rest } = releaseOf(smallRelease);
    expect(components["lamp"]).not.toHaveProperty("installsOver");
    expect(rest).toEqual({
      apiVersion: "iotctl.dev/v1",
      kind: "Release",
      product: "lamp",
      version: "1.0.0",
      known: {},
      rollout: {
        stages: [
          {
            name: "fleet",
            waves: [{ devices: { kind: "percent", percent: 100 }, appsPercent: 100 }],
            bakeMs: 0,
            gates: ["updated"],
            approvalsRequired: 0,
          },
        ],
      },
      gates: { updated: { measure: "update-failure", limitPercent: 2, alpha: 0.05, deadlineMs: 6 * hourMs } },
      retire: { belowPercent: 0.5, unseenMs: 30 * 24 * hourMs },
      pairing: "arbitrary",
      onFailure: "hold",
    });
  });

  it("may define a gate in place of a built-in one", () => {
    const { gates } = releaseOf(
      `${smallRelease}gates: { updated: { measure: update-failure, limit: 5% } }\n`,
    );
    expect(gates).toEqual({
      updated: { measure: "update-failure", limitPercent: 5, alpha: 0.05, deadlineMs: 6 * hourMs },
    });
  });
});

describe("waves", () => {
  const wavesOf = (stages: string) =>
    releaseOf(`${smallRelease}rollout:\n  stages:\n${stages}`).rollout.stages.map(({ waves }) =>
      waves.map(({ appsPercent, devices }) => [
        devices.kind === "percent" ? devices.percent : `${devices.label}=${devices.value}`,
        appsPercent,
      ]),
    );

  it("are as many as the longer list has; the shorter one repeats its last entry", () => {
    expect(wavesOf("    - { name: a, devices: [1%, 10%, 100%], apps: [5%, 100%] }")).toEqual([
      [
        [1, 5],
        [10, 100],
        [100, 100],
      ],
    ]);
    expect(wavesOf("    - { name: a, devices: 100%, apps: [5%, 50%] }")).toEqual([
      [
        [100, 5],
        [100, 50],
      ],
    ]);
  });

  it("of a label repeat it beside a list of shares", () => {
    expect(wavesOf("    - { name: a, devices: { label: ring=a }, apps: [1%, 2%] }")).toEqual([
      [
        ["ring=a", 1],
        ["ring=a", 2],
      ],
    ]);
  });

  it("keep what a stage does not mention as the stage before left it, at first nobody", () => {
    const stages = [
      "    - { name: a, apps: 5% }",
      "    - { name: b, devices: [20%, 60%] }",
      "    - { name: c, devices: 100%, apps: 100% }",
    ];
    expect(wavesOf(stages.join("\n"))).toEqual([
      [[0, 5]],
      [
        [20, 5],
        [60, 5],
      ],
      [[100, 100]],
    ]);
  });
});

describe("variables", () => {
  it("of `deploy` are left to the shell that runs it, set or not", () => {
    for (const command of ['"./deploy.sh ${TOKEN} $${TOKEN} ${}"', "./deploy.sh ${TOKEN} $${TOKEN} ${}"]) {
      const text = edited(fullRelease, ["deploy: ./deploy.sh", `deploy: ${command}`]);
      for (const env of [{}, { TOKEN: "secret" }]) {
        expect(releaseOf(text, env).components["cloud"]).toMatchObject({
          deploy: "./deploy.sh ${TOKEN} $${TOKEN} ${}",
        });
      }
    }
    const elsewhere = edited(fullRelease, ["field: version }", 'field: "${TOKEN}" }']);
    expect(problemsOf(elsewhere)).toEqual(["VARIABLE 31:62"]);
    const component = edited(smallRelease, ["  lamp:\n", "  deploy:\n"], ["lamp.bin", '"${TOKEN}.bin"']);
    expect(problemsOf(component)).toEqual(["VARIABLE 9:25"]);
  });

  const withVersion = (version: string): string =>
    edited(smallRelease, ["version: 2.0.0", `version: ${version}`]);
  const lampOf = (version: string, env: NodeJS.ProcessEnv) =>
    releaseOf(withVersion(version), env).components["lamp"];

  it("fill values, alone or inside text", () => {
    expect(lampOf("${V}", { V: "3.1.4" })?.version).toBe("3.1.4");
    expect(lampOf('"3.${MINOR}.0-${TAG_1}"', { MINOR: "2", TAG_1: "rc.1" })?.version).toBe("3.2.0-rc.1");
  });

  it("that are not set are one error each, at their place, and nothing is said about the value", () => {
    expect(problemsOf(withVersion("1.${A}.${B}"))).toEqual(["VARIABLE 8:16", "VARIABLE 8:21"]);
    expect(problemsOf(withVersion("'1.${A}.0'"))).toEqual(["VARIABLE 8:17"]);
    expect(problemsOf(withVersion("${not-a-name}"))).toEqual(["VARIABLE 8:14"]);
  });

  it("are not looked up when escaped, in keys or in comments", () => {
    const text = edited(fullRelease, ["build/Fan.ipa", '"build/$${NAME}.ipa"']);
    expect(releaseOf(text).components["app-ios"]).toMatchObject({ artifact: "build/${NAME}.ipa" });
    expect(problemsOf(`# \${A}\n${smallRelease}`)).toEqual([]);
    expect(problemsOf(edited(smallRelease, ["rev-a:", '"${A}":']), { A: "rev-a" })).toEqual([
      "BAD_VALUE 9:17",
    ]);
  });

  it("are not filled a second time from what they were filled with", () => {
    expect(problemsOf(withVersion("${A}"), { A: "${B}", B: "1.0.0" })).toEqual(["BAD_VALUE 8:14"]);
  });

  it("in a flow mapping without quotes are a syntax error with the way out", () => {
    const diagnostics = diagnosticsOf(edited(fullRelease, ["approve: 1", "approve: ${N}"]), { N: "1" });
    expect(diagnostics).toMatchObject([
      {
        code: "IOT_MANIFEST_SYNTAX",
        line: 42,
        hint: 'Between { } or [ ] a variable stands in quotes: "${NAME}".',
      },
    ]);
  });
});
