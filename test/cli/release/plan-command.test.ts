// Plans for a field from a file: no fleet, no storefront, nothing but the manifest and the storage.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import Bundle from "../../../src/commands/bundle.ts";
import CanI from "../../../src/commands/can-i.ts";
import PlanCommand from "../../../src/commands/plan.ts";
import Push from "../../../src/commands/push.ts";
import Release from "../../../src/commands/release.ts";
import Sign from "../../../src/commands/sign.ts";
import type { Plan } from "../../../src/planner/plan.ts";
import { runCommand } from "../../support/run-command.ts";
import { smallRelease, writeSmallRelease } from "../../support/small-release.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { workInTemporaryDirectory } from "../../support/work-in-temporary-directory.ts";

let dir: string;
beforeEach(() => {
  dir = workInTemporaryDirectory();
  writeSmallRelease(dir);
  writeFileSync(join(dir, "field.json"), '{"app": ["1.9.0"], "lamp": {"1.1.0": "70%", "1.0.0": "30%"}}');
});

/** The release after the small one, with nothing known of what was before. */
function writeNextRelease(): void {
  const [head = ""] = smallRelease.split("known:");
  const next = head
    .replace("version: 1.0.0", "version: 1.1.0")
    .replace("version: 2.0.0", "version: 2.1.0")
    .replace("version: 1.2.0", "version: 1.3.0");
  writeFileSync(join(dir, "release.yaml"), next);
}

describe("plan --field", () => {
  test("plans without a fleet, and touches nothing", async () => {
    await expect(runCommand(PlanCommand, [])).rejects.toMatchObject({ code: "IOT_SERVER_NOT_STARTED" });
    const { envelope, stdout } = await runCommand<Plan>(PlanCommand, ["--field", "field.json"]);
    expect(envelope.data).toMatchObject({
      feasible: true,
      field: { app: ["1.9.0"], lamp: ["1.0.0", "1.1.0"] },
    });
    expect(stdout).toContain("lamp 1.2.0");
    expect(existsSync(join(dir, ".iotctl"))).toBe(false);
  });

  test("says with exit code 10 that there is something to do, which is no failure", async () => {
    const argv = ["--field", "field.json", "--detailed-exitcode"];
    expect((await runCommand<Plan>(PlanCommand, argv)).envelope).toMatchObject({ ok: true, exitCode: 10 });
    const [head = "", known = ""] = smallRelease.split("known:");
    const blocked = head
      .replace('lamp: ">=1.1.0"', 'lamp: ">=1.2.0"')
      .replace('app: ">=1.9.0"', 'app: ">=2.0.0"');
    writeFileSync(join(dir, "release.yaml"), `${blocked}known:${known}`);
    expect((await runCommand<Plan>(PlanCommand, argv)).envelope).toMatchObject({ ok: false, exitCode: 3 });
  });

  test("saves what it found, and says how to carry it out where it can be", async () => {
    const argv = ["lamp.yaml", "--field", "field.json", "-o", "plan.json"];
    writeFileSync(join(dir, "lamp.yaml"), smallRelease);
    expect((await runCommand(PlanCommand, argv)).stderr).toContain(
      "Carry it out with: iotctl release lamp.yaml --plan plan.json",
    );
    const lockstep = smallRelease
      .replace('requires: { lamp: ">=1.1.0" }', 'requires: { lamp: ">=1.2.0" }')
      .replace('requires: { app: ">=1.9.0" }', 'requires: { app: ">=2.0.0" }');
    writeFileSync(join(dir, "lamp.yaml"), lockstep);
    const blocked = await runCommand<Plan>(PlanCommand, argv);
    expect(blocked.envelope).toMatchObject({ exitCode: 3, data: { feasible: false } });
    expect(blocked.stderr).not.toContain("Carry it out");
    expect(JSON.parse(readFileSync(join(dir, "plan.json"), "utf8"))).toMatchObject({ feasible: false });
  });

  test("refuses a field that is none", async () => {
    writeFileSync(join(dir, "field.json"), '{"lmap": ["1.0.0"]}');
    await expect(runCommand(PlanCommand, ["--field", "field.json"])).rejects.toMatchObject({
      code: "IOT_FIELD_INVALID",
      exit: 2,
    });
    await expect(runCommand(PlanCommand, ["--field", "nowhere.json"])).rejects.toMatchObject({
      code: "IOT_FILE_UNREADABLE",
    });
  });

  test("refuses hardware that nothing was ever built for, and a field in which nobody uses anything", async () => {
    const problemsOf = async (field: unknown): Promise<unknown> => {
      writeFileSync(join(dir, "field.json"), JSON.stringify(field));
      const error = await thrownBy(() => runCommand(PlanCommand, ["--field", "field.json"]));
      expect(error.code).toBe("IOT_FIELD_INVALID");
      return error.details["problems"];
    };
    expect(await problemsOf({ lamp: { "1.1.0": { hardware: ["l1", "l2"] } } })).toEqual([
      "lamp 1.1.0 is on l2, and no version of lamp that is known has an image for that. Did you mean l1?",
    ]);
    expect(await problemsOf({})).toEqual([
      "It names no app or firmware of lamp, so there would be nothing to plan from.",
    ]);
  });

  test("takes hardware that a stuck version is on for what it is", async () => {
    writeFileSync(join(dir, "field.json"), '{"app": ["1.9.0"], "lamp": {"1.0.0": {"hardware": ["l0"]}}}');
    writeFileSync(
      join(dir, "release.yaml"),
      smallRelease.replace("1.0.0: {}", '1.0.0: { stuck: "no room" }'),
    );
    const { envelope } = await runCommand<Plan>(PlanCommand, ["--field", "field.json"]);
    expect(envelope.data?.stuck).toMatchObject([{ version: "1.0.0" }]);
  });

  test("says what it takes for granted", async () => {
    writeFileSync(join(dir, "field.json"), '{"lamp": ["1.1.0"]}');
    const { stderr } = await runCommand(PlanCommand, ["--field", "field.json"]);
    expect(stderr).toContain("field.json has no version of app in use");
  });

  test("knows the pins of the release before from the storage alone", async () => {
    for (const command of [Bundle, Sign, Push]) await runCommand(command, []);
    writeNextRelease();
    writeFileSync(join(dir, "field.json"), '{"app": ["2.0.0"], "lamp": ["1.2.0"]}');
    const known = await runCommand<Plan>(PlanCommand, ["--field", "field.json"]);
    expect(known.envelope).toMatchObject({ exitCode: 0, data: { feasible: true } });
    const answer = await runCommand(CanI, ["lamp@1.3.0", "app@1.9.0"]);
    expect(answer.envelope).toMatchObject({ exitCode: 0, data: { verdict: "compatible" } });
    const old = await runCommand(CanI, ["app@2.1.0", "--field", "field.json"]);
    expect(old.envelope).toMatchObject({
      data: { verdict: "compatible", matrix: [{ other: "lamp@1.2.0" }] },
    });
    // What 2.0.0 said when it was released still stops what does not fit it.
    const refused = await runCommand(CanI, ["lamp@1.0.0", "app@2.0.0"]);
    expect(refused.envelope).toMatchObject({ exitCode: 3, data: { verdict: "incompatible" } });
  });

  test("does not pass what a release that does not count may speak against, and names it", async () => {
    for (const command of [Bundle, Sign, Push]) await runCommand(command, []);
    writeNextRelease();
    writeFileSync(join(dir, "field.json"), '{"app": ["2.0.0"], "lamp": ["1.2.0"]}');
    const argv = ["--field", "field.json"];
    expect((await runCommand<Plan>(PlanCommand, argv)).envelope.data).toMatchObject({ feasible: true });
    rmSync(join(dir, ".iotctl", "keys"), { recursive: true });
    const { envelope, stderr } = await runCommand<Plan>(PlanCommand, argv);
    expect(envelope).toMatchObject({ exitCode: 3, data: { feasible: false } });
    expect(JSON.stringify(envelope.data?.blocked?.pairs)).toContain("release 1.0.0, left out");
    expect(stderr).toContain("Release 1.0.0 in the storage does not count");
    expect(stderr).toContain("signing.trusted");
    const answer = await runCommand(CanI, ["lamp@1.2.0", "app@2.0.0"]);
    expect(answer.envelope).toMatchObject({ exitCode: 4, data: { verdict: "unknown" } });
  });

  test("does not guess where the trusted keys cannot be read", async () => {
    for (const command of [Bundle, Sign, Push]) await runCommand(command, []);
    writeNextRelease();
    const keys = join(dir, ".iotctl", "keys");
    for (const name of ["developer.pem", "developer.pub.pem"]) {
      if (existsSync(join(keys, name))) writeFileSync(join(keys, name), "");
    }
    await expect(runCommand(PlanCommand, ["--field", "field.json"])).rejects.toMatchObject({
      code: "IOT_KEY_INVALID",
    });
  });
});

describe("plan -o", () => {
  test("writes the plan with what it was made from, the same bytes each time", async () => {
    const { envelope, stderr } = await runCommand<Plan>(PlanCommand, [
      "--field",
      "field.json",
      "-o",
      "plans/plan.json",
    ]);
    const text = readFileSync(join(dir, "plans", "plan.json"), "utf8");
    const { basis, ...plan } = JSON.parse(text);
    expect(plan).toEqual(envelope.data);
    expect(basis).toMatchObject({
      field: "given",
      manifest: expect.stringMatching(/^sha256:/),
      releases: {},
    });
    expect(stderr).toContain("iotctl release --plan plans/plan.json");
    await runCommand(PlanCommand, ["--field", "field.json", "-o", "plans/plan.json"]);
    expect(readFileSync(join(dir, "plans", "plan.json"), "utf8")).toBe(text);
  });

  test("says when the file cannot be written", async () => {
    mkdirSync(join(dir, "plan.json"));
    await expect(runCommand(PlanCommand, ["--field", "field.json", "-o", "plan.json"])).rejects.toMatchObject(
      { code: "IOT_FILE_UNREADABLE", exit: 2 },
    );
  });

  test("keeps a plan that is a no, for people to look at", async () => {
    writeFileSync(join(dir, "field.json"), '{"app": ["1.5.0"], "lamp": ["1.0.0"]}');
    const { envelope } = await runCommand<Plan>(PlanCommand, ["--field", "field.json", "-o", "plan.json"]);
    expect(envelope).toMatchObject({ exitCode: 3, data: { feasible: false } });
    expect(JSON.parse(readFileSync(join(dir, "plan.json"), "utf8"))).toMatchObject({ feasible: false });
  });
});

describe("release --plan", () => {
  test("refuses a file that is no plan before anything is asked or moved", async () => {
    await expect(runCommand(Release, ["--dry-run", "--plan", "nowhere.json"])).rejects.toMatchObject({
      code: "IOT_FILE_UNREADABLE",
    });
    await expect(runCommand(Release, ["--dry-run", "--plan", "field.json"])).rejects.toMatchObject({
      code: "IOT_PLAN_FILE_INVALID",
      exit: 2,
      message:
        "field.json is not a saved plan: at schemaVersion it does not hold what `iotctl plan -o` writes.",
    });
    await expect(runCommand(Release, ["--dry-run", "--plan", "release.yaml"])).rejects.toMatchObject({
      message: "release.yaml is not a saved plan: it is not JSON.",
    });
  });

  test("refuses a plan for another release at once", async () => {
    await runCommand(PlanCommand, ["--field", "field.json", "-o", "plan.json"]);
    writeNextRelease();
    await expect(runCommand(Release, ["--dry-run", "--plan", "plan.json"])).rejects.toMatchObject({
      code: "IOT_PLAN_STALE",
      exit: 6,
    });
  });
});
