import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { ConsentResult } from "../../src/cli/consent/consent-command.ts";
import { openContext } from "../../src/cli/context.ts";
import Advance from "../../src/commands/rollout/advance.ts";
import Approve from "../../src/commands/rollout/approve.ts";
import Deny from "../../src/commands/rollout/deny.ts";
import SkipBake from "../../src/commands/rollout/skip-bake.ts";
import { readRollout, tell } from "../../src/rollout/advance.ts";
import type { RolloutConfig, RolloutState } from "../../src/rollout/engine/state.ts";
import { loadKeySigner } from "../../src/signing/key-signer.ts";
import { approvedBy, type Person, person } from "../support/consents.ts";
import { planOf } from "../support/fan-rollout.ts";
import { runCommand } from "../support/run-command.ts";
import { thrownBy } from "../support/thrown-by.ts";
import { workInTemporaryDirectory } from "../support/work-in-temporary-directory.ts";

let dir: string;
let ana: Person;
let keyFile: string;
beforeEach(async () => {
  dir = workInTemporaryDirectory();
  keyFile = join(dir, "ana.pem");
  loadKeySigner({ keyFile, create: true, env: {} });
  const publicKeyPem = readFileSync(join(dir, "ana.pub.pem"), "utf8");
  ana = {
    signer: loadKeySigner({ keyFile, create: false, env: {} }),
    approver: { name: "ana", publicKeyPem },
  };
  await begin(approvedBy([ana.approver, person("bob").approver]));
});

async function begin(config: RolloutConfig): Promise<void> {
  const event = { type: "started", config } as const;
  const journals = await (await context()).journals();
  await journals.create("fan-1", { at: systemClock.now(), event, effects: [] });
}

/** A rollout beside the one of every test, in a directory of its own. */
async function elsewhere(config: RolloutConfig): Promise<void> {
  dir = join(dir, "elsewhere");
  mkdirSync(dir);
  process.chdir(dir);
  await begin(config);
}

function context() {
  return openContext({ envName: "local", cwd: dir, env: {} });
}

async function state(): Promise<RolloutState> {
  const opened = await context();
  return readRollout((await opened.journals()).open("fan-1"), opened.consents);
}

/** What is said is in the journal before the turn that follows from it, for which there is no fleet here. */
async function said(
  command: typeof Approve | typeof Deny | typeof SkipBake,
  ...argv: string[]
): Promise<void> {
  const error = await thrownBy(() => runCommand(command, argv));
  expect(error).toMatchObject({
    code: "IOT_SERVER_NOT_STARTED",
    hints: [expect.stringContaining("written down"), expect.anything()],
  });
}

describe("rollout approve", () => {
  test("shows the stage and writes down who signed, by their key", async () => {
    await said(Approve, "--stage", "fleet", "--key", keyFile, "--yes", "--reason", "looks good");
    expect((await state()).approvals).toMatchObject([{ by: "ana", stage: "fleet", reason: "looks good" }]);
  });

  test("is refused where nobody can be asked, with what would have been shown", async () => {
    const error = await thrownBy(() => runCommand(Approve, ["--stage", "fleet", "--key", keyFile, "--json"]));
    expect(error).toMatchObject({ code: "IOT_CONFIRMATION_NEEDED", exit: 2 });
    expect(error.details["stage"]).toMatchObject({ stage: "fleet", approvals: { missing: 1 } });
    expect((await state()).approvals).toEqual([]);
  });

  test("is refused to who is not among the approvers, before anything is written", async () => {
    const other = join(dir, "carl.pem");
    loadKeySigner({ keyFile: other, create: true, env: {} });
    // Told before anybody is asked: nobody could be asked here.
    const error = await thrownBy(() => runCommand(Approve, ["--stage", "fleet", "--key", other]));
    expect(error).toMatchObject({ code: "IOT_CONSENT_UNTRUSTED", exit: 3 });
    expect(error.message).toContain("ana, bob");
    for (const key of [["--key", "absent.pem"], []]) {
      const missing = await thrownBy(() => runCommand(Approve, ["--stage", "fleet", "--yes", ...key]));
      expect(missing).toMatchObject({
        code: "IOT_KEY_MISSING",
        hints: [expect.stringContaining("--key <file>")],
      });
    }
    expect((await state()).approvals).toEqual([]);
  });

  test("names the stages there are", async () => {
    const error = await thrownBy(() => runCommand(Approve, ["--stage", "flet", "--yes"]));
    expect(error).toMatchObject({ code: "IOT_STAGE_UNKNOWN" });
    expect(error.message).toContain("canary, fleet");
  });

  test("can be signed by one and written down by another", async () => {
    const argv = ["--stage", "fleet", "--key", keyFile, "--yes", "--out", "yes.json"];
    const { envelope, stdout, stderr } = await runCommand<ConsentResult>(Approve, argv);
    expect(envelope.data?.consent).toMatchObject({ by: "ana", written: false, file: "yes.json" });
    expect([stdout, stderr.includes("Cannot be taken back")]).toEqual([
      expect.stringContaining("yes.json"),
      true,
    ]);
    expect((await state()).approvals).toEqual([]);
    await said(Approve, "--statement", "yes.json");
    expect((await state()).approvals).toMatchObject([{ by: "ana" }]);
    // Bringing it once more is nothing new; only the turn that is still due has no fleet.
    const again = await thrownBy(() => runCommand(Approve, ["--statement", "yes.json"]));
    expect(again.hints.join()).not.toContain("written down");
    expect((await state()).approvals).toHaveLength(1);
    await said(Deny, "--stage", "fleet", "--key", keyFile, "--reason", "noisy");
    const old = await thrownBy(() => runCommand(Approve, ["--statement", "yes.json"]));
    expect(old).toMatchObject({ code: "IOT_CONSENT_INVALID", exit: 3 });
    expect((await state()).approvals).toMatchObject([{ by: "ana", denied: true }]);
  });

  test("takes only an approval from a file, and one of stage and statement", async () => {
    writeFileSync("no.json", "{}");
    expect((await thrownBy(() => runCommand(Approve, ["--statement", "no.json"]))).code).toBe(
      "IOT_CONSENT_INVALID",
    );
    expect((await thrownBy(() => runCommand(Approve, []))).code).toBe("IOT_USAGE");
    const both = ["--stage", "fleet", "--statement", "no.json"];
    expect((await thrownBy(() => runCommand(Approve, both))).code).toBe("IOT_USAGE");
    for (const more of [["--key", keyFile], ["--keyless"], ["--reason", "mine"]]) {
      const signed = ["--statement", "no.json", ...more];
      expect((await thrownBy(() => runCommand(Approve, signed))).code, more.join()).toBe("IOT_USAGE");
    }
  });

  test("with an identity says what an environment lacks for that", async () => {
    const error = await thrownBy(() => runCommand(Approve, ["--stage", "fleet", "--yes", "--keyless"]));
    expect(error).toMatchObject({ code: "IOT_KEYLESS_UNCONFIGURED", exit: 2 });
  });
});

describe("a word that could change nothing", () => {
  const reason = ["--reason", "why"];
  const yes = ["--yes", ...reason];

  test.each(["aborted", "rollback-requested"] as const)(
    "is refused once %s, whatever it is",
    async (type) => {
      const journal = (await (await context()).journals()).open("fan-1");
      await tell(journal, { type, by: "bob", reason: "" }, systemClock.now());
      for (const [command, argv] of [
        [Approve, ["--stage", "fleet", ...yes]],
        [Deny, ["--stage", "fleet", ...reason]],
        [SkipBake, yes],
      ] as const) {
        const error = await thrownBy(() => runCommand(command, [...argv, "--key", keyFile]));
        expect(error).toMatchObject({ code: "IOT_ROLLOUT_NOT_UNDER_WAY", exit: 3 });
      }
      expect(await journal.read()).toHaveLength(2);
    },
  );

  test("is refused of a stage that asks for nobody, but for what takes a denial back", async () => {
    const [canary, fleet] = approvedBy([]).stages;
    const config = approvedBy([ana.approver], {
      stages: [
        { ...canary!, approvalsRequired: 1 },
        { ...fleet!, approvalsRequired: 0 },
      ],
    });
    await elsewhere(config);
    const approve = ["--stage", "fleet", "--key", keyFile, "--yes"];
    expect(await thrownBy(() => runCommand(Approve, approve))).toMatchObject({
      code: "IOT_STAGE_NEEDS_NO_APPROVAL",
      exit: 2,
    });
    await said(Deny, "--stage", "fleet", "--key", keyFile, "--reason", "noisy");
    await said(Approve, ...approve);
    expect((await state()).approvals).toMatchObject([{ by: "ana" }]);
  });

  test("is refused of a stage whose last wave has begun", async () => {
    const plan = planOf("introduce fan 2.0.0");
    await elsewhere(approvedBy([ana.approver], { plan }));
    for (const [command, more, hint] of [
      [Approve, "--yes", "rollout status"],
      [Deny, "--reason=noisy", "rollout pause"],
    ] as const) {
      const error = await thrownBy(() => runCommand(command, ["--stage", "canary", "--key", keyFile, more]));
      expect(error).toMatchObject({ code: "IOT_STAGE_OVER", exit: 3 });
      expect(error.hints[0]).toContain(hint);
    }
  });
});

test("a turn refuses a journal with an approval that nobody signed", async () => {
  const opened = await context();
  const { config } = await state();
  const forged = {
    type: "approved",
    stage: "fleet",
    by: "ana",
    reason: "",
    planDigest: config.planDigest,
  } as const;
  await tell((await opened.journals()).open("fan-1"), forged, systemClock.now());
  writeFileSync(
    join(dir, "iotctl.yaml"),
    "{ apiVersion: iotctl.dev/v1, kind: Environments, environments: { local: { " +
      "fleet: { backend: embedded, url: 'http://127.0.0.1:9', token-env: TOKEN } } } }",
  );
  vi.stubEnv("TOKEN", "none");
  const error = await thrownBy(() => runCommand(Advance, []));
  vi.unstubAllEnvs();
  expect(error).toMatchObject({ code: "IOT_CONSENT_INVALID", exit: 3 });
});

test("rollout deny needs a reason and no confirmation", async () => {
  for (const empty of ["", "  "]) {
    const error = await thrownBy(() =>
      runCommand(Deny, ["--stage", "fleet", "--reason", empty, "--key", keyFile]),
    );
    expect(error).toMatchObject({ code: "IOT_USAGE", exit: 2 });
  }
  const unknown = await thrownBy(() => runCommand(Deny, ["--stage", "flet", "--reason", "noisy"]));
  expect(unknown.hints).toContain("iotctl rollout deny fan-1 --stage fleet --env test");
  expect((await thrownBy(() => runCommand(Deny, ["--stage", "fleet"]))).code).toBe("IOT_USAGE");
  await said(Deny, "--stage", "fleet", "--reason", "noisy", "--key", keyFile);
  expect((await state()).approvals).toMatchObject([{ by: "ana", denied: true, reason: "noisy" }]);
});

describe("rollout skip-bake", () => {
  test("is refused while no wave has begun", async () => {
    const [canary, fleet] = approvedBy([]).stages;
    await elsewhere(approvedBy([ana.approver], { stages: [{ ...canary!, approvalsRequired: 1 }, fleet!] }));
    const argv = ["--reason", "hotfix", "--yes", "--key", keyFile];
    expect(await thrownBy(() => runCommand(SkipBake, argv))).toMatchObject({
      code: "IOT_WAVE_NOT_BAKING",
      exit: 2,
    });
  });

  test("ends the bake time of the wave that has begun, once", async () => {
    const argv = ["--reason", "hotfix", "--yes", "--key", keyFile];
    await said(SkipBake, ...argv);
    expect((await state()).bakeSkipped).toBe(true);
    expect((await thrownBy(() => runCommand(SkipBake, argv))).code).toBe("IOT_WAVE_NOT_BAKING");
  });
});

test("a rollout of an earlier release takes people at their word, as it did", async () => {
  const { approvers: _, ...earlier } = approvedBy([]);
  await elsewhere(earlier);
  await said(Approve, "--stage", "fleet", "--yes");
  expect((await state()).approvals).toHaveLength(1);
  expect(existsSync(join(dir, ".iotctl", "keys"))).toBe(false);
});
