import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { ConsentResult } from "../../src/cli/consent/consent-command.ts";
import { openContext } from "../../src/cli/context.ts";
import Approve from "../../src/commands/rollout/approve.ts";
import Deny from "../../src/commands/rollout/deny.ts";
import SkipBake from "../../src/commands/rollout/skip-bake.ts";
import { readRollout } from "../../src/rollout/advance.ts";
import type { RolloutConfig, RolloutState } from "../../src/rollout/engine/state.ts";
import { loadKeySigner } from "../../src/signing/key-signer.ts";
import { approvedBy, type Person, person } from "../support/consents.ts";
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
    const error = await thrownBy(() => runCommand(Approve, ["--stage", "fleet", "--yes"]));
    expect(error).toMatchObject({ code: "IOT_CONSENT_UNTRUSTED", exit: 3 });
    expect(error.message).toContain("ana, bob");
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
    // Bringing it once more is nothing new.
    await said(Approve, "--statement", "yes.json");
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
  });

  test("with an identity says what an environment lacks for that", async () => {
    const error = await thrownBy(() => runCommand(Approve, ["--stage", "fleet", "--yes", "--keyless"]));
    expect(error).toMatchObject({ code: "IOT_KEYLESS_UNCONFIGURED", exit: 2 });
  });
});

test("rollout deny needs a reason and no confirmation", async () => {
  expect((await thrownBy(() => runCommand(Deny, ["--stage", "fleet"]))).code).toBe("IOT_USAGE");
  await said(Deny, "--stage", "fleet", "--reason", "noisy", "--key", keyFile);
  expect((await state()).approvals).toMatchObject([{ by: "ana", denied: true, reason: "noisy" }]);
});

describe("rollout skip-bake", () => {
  test("is refused while no wave has begun", async () => {
    const [canary, fleet] = approvedBy([]).stages;
    mkdirSync(join(dir, "other"));
    process.chdir(join(dir, "other"));
    dir = join(dir, "other");
    await begin(approvedBy([ana.approver], { stages: [{ ...canary!, approvalsRequired: 1 }, fleet!] }));
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
  mkdirSync(join(dir, "earlier"));
  process.chdir(join(dir, "earlier"));
  dir = join(dir, "earlier");
  await begin(earlier);
  await said(Approve, "--stage", "fleet", "--yes");
  expect((await state()).approvals).toHaveLength(1);
  expect(existsSync(join(dir, ".iotctl", "keys"))).toBe(false);
});
