import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { IotctlError } from "../../../src/base/errors.ts";
import type { Context } from "../../../src/cli/context.ts";
import { basisOf } from "../../../src/cli/release/plan-basis.ts";
import { assertIsPlanOf, planToCarryOut } from "../../../src/cli/release/plan-of-file.ts";
import { planRelease } from "../../../src/cli/release/plan-release.ts";
import { readSavedPlan, writeSavedPlan } from "../../../src/cli/release/saved-plan.ts";
import type { Release } from "../../../src/manifest/release.ts";
import { fanRelease } from "../../support/fan-release.ts";
import { deviceOn, planningContext, publishIn, type TestField } from "../../support/planning-context.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const nowMs = 0;
let dir: string;
let field: TestField;
let context: Context;
let planFile: string;

beforeEach(async () => {
  dir = temporaryDirectory();
  planFile = join(dir, "plan.json");
  field = {
    devices: [deviceOn("1.9.4"), deviceOn("1.9.4", "fan-b2")],
    installed: { "app-android": { "4.1.0": 10 } },
  };
  context = await planningContext(dir, field);
  await publishIn(dir, context, { ...fanRelease("2026.10.0"), known: {} });
});

async function save(release: Release = fanRelease(), fieldFile?: string): Promise<void> {
  const { look, plan } = await planRelease(release, context, { nowMs, fieldFile });
  writeSavedPlan(planFile, plan, basisOf(release, look));
}

const carryOut = (release: Release = fanRelease()) => planToCarryOut(release, context, { nowMs, planFile });

/** Everything that is said to have changed. */
async function changes(release?: Release): Promise<unknown> {
  const error = await thrownBy(() => carryOut(release));
  expect({ code: error.code, exit: error.exit }).toEqual({ code: "IOT_PLAN_STALE", exit: 6 });
  for (const change of error.details["changes"] as string[]) expect(error.message).toContain(change);
  return error.details["changes"];
}

/** JSON of whatever shape, for tests that break it. */
type Json = ReturnType<typeof JSON.parse>;

/** The saved plan with a part of its JSON replaced. */
function edit(change: (saved: Json) => void): void {
  const saved = JSON.parse(readFileSync(planFile, "utf8"));
  change(saved);
  writeFileSync(planFile, JSON.stringify(saved));
}

describe("a saved plan", () => {
  test("is carried out while everything is as it was", async () => {
    await save();
    const { plan } = await carryOut();
    expect(plan).toEqual(readSavedPlan(planFile).plan);
    expect(plan).toMatchObject({ feasible: true, field: { fan: ["1.9.4"] } });
    expect(plan.steps.length).toBeGreaterThan(0);
  });

  test("has the same bytes whenever it is made", async () => {
    await save();
    const first = readFileSync(planFile, "utf8");
    await planRelease(fanRelease(), context, { nowMs: nowMs + 5 });
    await save();
    expect(readFileSync(planFile, "utf8")).toBe(first);
    expect(first).not.toMatch(/\d{4}-\d\d-\d\dT/);
  });

  test("still holds when the release itself was pushed meanwhile", async () => {
    await save();
    await publishIn(dir, context, fanRelease());
    expect((await carryOut()).plan.feasible).toBe(true);
  });

  test("says which versions of the field came and went", async () => {
    await save();
    field.devices = [deviceOn("1.8.0"), deviceOn("2.0.0", "fan-b2")];
    field.installed = { "app-android": { "4.1.0": 10, "4.0.0": 3 } };
    expect(await changes()).toEqual([
      "app-android 4.0.0 is in the field, and was not.",
      "fan 1.8.0 is in the field, and was not.",
      "fan 2.0.0 is in the field, and was not.",
      "fan 1.9.4 is no longer in the field.",
    ]);
  });

  test("says when a version runs on other hardware than it did", async () => {
    await save();
    field.devices = [deviceOn("1.9.4")];
    expect(await changes()).toEqual(["fan 1.9.4 is on hardware fan-a1; it was on fan-a1, fan-b2."]);
  });

  test("says what changed in the manifest, to the pin", async () => {
    await save();
    const release = fanRelease();
    const { "app-android": app } = release.components;
    if (app?.kind !== "app") throw new Error("the fan has an app");
    const components = { ...release.components, "app-android": { ...app, requires: { fan: ">=1.8.0" } } };
    expect(await changes({ ...release, components })).toEqual([
      "The manifest says of app-android@4.2.0: requires fan >=1.8.0; it said >=1.9.0 <3.0.0.",
    ]);
    const fan = { "1.9.4": { requires: {}, stuck: "no room" } };
    expect(await changes({ ...release, known: { fan } })).toEqual([
      "The manifest has no app-android@4.1.0 any more.",
      "The manifest has no fan@1.8.0 any more.",
      "The manifest says of fan@1.9.4: hardware none; it said fan-a1, fan-b2.",
      "The manifest says of fan@1.9.4: installable false; it said true.",
      "The manifest says of fan@1.9.4: installs-over nothing; it said >=1.8.0 <1.9.4.",
      "The manifest says of fan@1.9.4: stuck no room; it said nothing.",
    ]);
    expect(await changes({ ...release, pairing: "observed" })).toEqual([
      "The manifest says pairing: observed; it said arbitrary.",
    ]);
    expect(await changes({ ...release, onFailure: "hold" })).toEqual([
      expect.stringContaining("no version or pin in it did"),
    ]);
  });

  test("says which releases the storage gained, and which it can no longer prove", async () => {
    await save();
    await publishIn(dir, context, { ...fanRelease("2026.10.1"), known: {} });
    expect(await changes()).toEqual([
      expect.stringMatching(/^Release 2026\.10\.1 in the storage is sha256:\w{64}; it was not there\.$/),
    ]);
    const trusting = context;
    context = { ...context, trustedKeys: async () => [] };
    expect(await changes()).toEqual([
      expect.stringMatching(/^Release 2026\.10\.0 in the storage is left out; it was sha256:\w{64}\.$/),
      "Release 2026.10.1 in the storage is left out; it was not there.",
    ]);
    await save();
    expect(readSavedPlan(planFile).basis.leftOut).toEqual(["2026.10.0", "2026.10.1"]);
    context = trusting;
    expect(await changes()).toEqual([
      expect.stringMatching(/^Release 2026\.10\.0 in the storage is sha256:\w{64}; it was left out\.$/),
      expect.stringMatching(/^Release 2026\.10\.1 in the storage is sha256:\w{64}; it was left out\.$/),
    ]);
  });

  test("is for one release", async () => {
    await save();
    const other = fanRelease("2026.12.0");
    expect(await changes(other)).toEqual([
      "The plan is for ceiling-fan 2026.11.0, and the manifest for ceiling-fan 2026.12.0.",
    ]);
  });

  test("for a field from a file holds when the observed field is that, and says so when it is not", async () => {
    const fieldFile = join(dir, "field.json");
    const given = { "app-android": ["4.1.0"], fan: ["1.9.4"] };
    writeFileSync(fieldFile, JSON.stringify(given));
    await save(fanRelease(), fieldFile);
    expect((await carryOut()).plan.feasible).toBe(true);
    writeFileSync(fieldFile, JSON.stringify({ ...given, fan: ["1.8.0", "1.9.4"] }));
    await save(fanRelease(), fieldFile);
    expect(await changes()).toEqual([
      "fan 1.8.0 is no longer in the field; the plan was made for a field that a file gave, not for the observed one.",
    ]);
  });

  test("for a field from a file is refused when the hardware it kept silent about changes the steps", async () => {
    const release: Release = {
      ...fanRelease(),
      known: { ...fanRelease().known, fan: { "1.9.4": { requires: {} } } },
    };
    const fieldFile = join(dir, "field.json");
    writeFileSync(fieldFile, JSON.stringify({ "app-android": ["4.1.0"], fan: ["1.9.4"] }));
    await save(release, fieldFile);
    // A device of a model that the target has no image for can never leave what it runs.
    const knownModels = fanRelease("2026.9.0");
    await publishIn(dir, context, {
      ...knownModels,
      known: {},
      components: {
        fan: { kind: "firmware", version: "1.7.0", variants: { "fan-z9": "old/fan.bin" }, requires: {} },
      },
    });
    await save(release, fieldFile);
    field.devices = [deviceOn("1.9.4"), deviceOn("1.9.4", "fan-z9")];
    expect(await changes(release)).toEqual([
      "The field file said nothing of hardware, and for the models in the field planning gives other steps.",
    ]);
  });

  test.each<[string, (saved: Json) => void]>([
    ["a step less", (saved) => void saved["steps"].pop()],
    ["another order", (saved) => void saved["steps"].unshift(saved["steps"].pop())],
    ["a guard taken away", (saved) => void (saved["steps"][0].guard = { fan: "*" })],
    ["another reason", (saved) => void (saved["steps"][0].why = "because I say so")],
    [
      "a step that cannot be taken back",
      (saved) => void (saved["steps"][0].reversible = !saved["steps"][0].reversible),
    ],
    ["an index digest", (saved) => void (saved["basis"].index = `sha256:${"0".repeat(64)}`)],
    ["a fact", (saved) => void (saved["basis"].facts[0].requires = {})],
    ["hardware that is not there", (saved) => void (saved["basis"].hardware.fan["9.9.9"] = ["fan-a1"])],
    [
      "a stuck version more",
      (saved) => void saved["stuck"].push({ component: "fan", version: "1.9.4", why: "x" }),
    ],
  ])("that was edited is refused: %s", async (_, change) => {
    await save();
    edit(change);
    const error = await thrownBy(carryOut);
    expect({ code: error.code, exit: error.exit }).toEqual({ code: "IOT_PLAN_EDITED", exit: 3 });
  });

  test.each<[string, (saved: Json) => void]>([
    ["a field", (saved) => void saved["field"].fan.push("1.8.0")],
    ["a manifest digest", (saved) => void (saved["basis"].manifest = `sha256:${"0".repeat(64)}`)],
    [
      "a release in the storage",
      (saved) => void (saved["basis"].releases["1.0.0"] = `sha256:${"0".repeat(64)}`),
    ],
    ["hardware", (saved) => void (saved["basis"].hardware.fan["1.9.4"] = ["fan-a1"])],
  ])("that was edited to say another basis is stale: %s", async (_, change) => {
    await save();
    edit(change);
    expect((await thrownBy(carryOut)).code).toBe("IOT_PLAN_STALE");
  });

  test("that says there is no safe order is kept as it is", async () => {
    const release = fanRelease();
    const { cloud } = release.components;
    if (cloud?.kind !== "service") throw new Error("the fan has a cloud");
    const blocked = {
      ...release,
      components: { ...release.components, cloud: { ...cloud, requires: { fan: ">=3.0.0" } } },
    };
    await save(blocked);
    const { plan } = await carryOut(blocked);
    expect(plan).toEqual(readSavedPlan(planFile).plan);
    expect(plan).toMatchObject({ feasible: false, steps: [] });
    expect(plan.blocked?.pairs.length).toBeGreaterThan(0);
  });
});

describe("a rollout under way", () => {
  test("goes on with its own plan, and with no other", async () => {
    await save();
    const { plan } = readSavedPlan(planFile);
    const rollout = { rolloutId: "ceiling-fan-2026.11.0", plan };
    expect(() => assertIsPlanOf(planFile, fanRelease(), rollout)).not.toThrow();
    edit((saved) => void saved["steps"].pop());
    expect(() => assertIsPlanOf(planFile, fanRelease(), rollout)).toThrow(
      expect.objectContaining({ code: "IOT_PLAN_STALE", exit: 6 }),
    );
    expect(() => assertIsPlanOf(planFile, fanRelease("2027.1.0"), rollout)).toThrow(
      expect.objectContaining({ code: "IOT_PLAN_STALE" }),
    );
  });
});

describe("a plan file", () => {
  const code = (content: string): string => {
    writeFileSync(planFile, content);
    try {
      readSavedPlan(planFile);
      return "read";
    } catch (error) {
      return error instanceof IotctlError ? error.code : String(error);
    }
  };

  test.each([["{}"], ["[]"], ["null"], ["{"], [""], ['{"schemaVersion":1}'], ["\u0000"]])(
    "is refused when it is none: %s",
    (content) => {
      expect(code(content)).toBe("IOT_PLAN_FILE_INVALID");
    },
  );

  test("is refused with anything more, less or else in it than a plan has", async () => {
    await save();
    const saved: unknown = JSON.parse(readFileSync(planFile, "utf8"));
    const places = [...pathsOf(saved)];
    expect(places.length).toBeGreaterThan(50);
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.constantFrom("remove", "replace", "add"), (path, how) => {
        const copy = structuredClone(saved);
        if (!distort(copy, path, how)) return;
        expect([path, how, code(JSON.stringify(copy))]).toEqual([path, how, "IOT_PLAN_FILE_INVALID"]);
      }),
      { numRuns: 300 },
    );
  });

  test("of another kind, missing or huge is unreadable", () => {
    for (const path of [dir, join(dir, "nowhere.json")]) {
      expect(() => readSavedPlan(path)).toThrow(expect.objectContaining({ code: "IOT_FILE_UNREADABLE" }));
    }
    writeFileSync(planFile, Buffer.alloc(16 * 1024 * 1024 + 1, " "));
    expect(() => readSavedPlan(planFile)).toThrow(expect.objectContaining({ code: "IOT_FILE_UNREADABLE" }));
  });
});

/** Every place of a JSON value whose members have fixed names or are in a list. */
function* pathsOf(value: unknown, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (value === null || typeof value !== "object") return;
  for (const [key, child] of Object.entries(value)) {
    yield [...path, key];
    yield* pathsOf(child, [...path, key]);
  }
}

/** False where the change would leave a plan that reads: members of free name, and what may be absent. */
function distort(root: unknown, path: (string | number)[], how: string): boolean {
  const parent = path.slice(0, -1).reduce<Json>((value, key) => value[key], root);
  const key = path.at(-1)!;
  if (how === "replace") {
    parent[key] = 12.5;
    return true;
  }
  if (how === "add") {
    const child = parent[key];
    const isFree = ["field", "hardware", "releases", "requires", "guard", "bridges"].includes(String(key));
    if (child === null || typeof child !== "object" || Array.isArray(child) || isFree) return false;
    if (path.at(-2) === "hardware") return false;
    child.extra = "text";
    return true;
  }
  const isOptional = [
    "hardware",
    "installsOver",
    "bridges",
    "stuck",
    "keepsVersions",
    "securityCounter",
    "staged",
    "floor",
  ];
  const isFreeParent = ["field", "hardware", "releases", "requires", "guard", "bridges"].includes(
    String(path.at(-2)),
  );
  const inHardware = path.at(-3) === "hardware";
  if (Array.isArray(parent) || isFreeParent || inHardware) return false;
  if (isOptional.includes(String(key)) && path[0] === "basis" && path[1] !== "facts") return false;
  if (isOptional.includes(String(key)) && key !== "hardware" && path[0] !== undefined && path.length > 1)
    return false;
  Reflect.deleteProperty(parent, key);
  return true;
}
