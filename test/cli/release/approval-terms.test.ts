import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { approvalTerms } from "../../../src/cli/release/approval-terms.ts";
import { beginRollout } from "../../../src/cli/release/begin-rollout.ts";
import { planRelease } from "../../../src/cli/release/plan-release.ts";
import { resolveRelease } from "../../../src/bundle/resolve-release.ts";
import type { Release } from "../../../src/manifest/release.ts";
import { readRollout } from "../../../src/rollout/advance.ts";
import { stage, wave } from "../../support/fan-rollout.ts";
import { fanRelease } from "../../support/fan-release.ts";
import { deviceOn, planningContext, publishIn } from "../../support/planning-context.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const field = { devices: [deviceOn("1.9.4")], installed: { "app-android": { "4.1.0": 10 } } };

/** The stage `fleet` asks for so many. */
function releaseFor(approvalsRequired: number): Release {
  const waves = [wave({ kind: "percent", percent: 100 }, 100)];
  const base = fanRelease();
  const gates = Object.keys(base.gates);
  return { ...base, rollout: { stages: [stage("fleet", { waves, gates, approvalsRequired })] } };
}

test("a rollout has on record who may approve it, and how many it takes", async () => {
  const dir = temporaryDirectory();
  const context = await planningContext(dir, field);
  const release = releaseFor(1);
  const { look, plan, warnings } = await planRelease(release, context, { nowMs: 0 });
  expect(warnings.filter((text) => text.includes("people"))).toEqual([]);
  await publishIn(dir, context, release);
  const { resolved } = await resolveRelease(release, dir);
  const journal = await beginRollout({ context, release, dir, plan, look, resolved, atMs: 0 });
  const { approvers, stages } = (await readRollout(journal)).config;
  expect(approvers).toEqual([{ name: "developer", publicKeyPem: expect.stringContaining("PUBLIC KEY") }]);
  expect(stages.map(({ approvalsRequired }) => approvalsRequired)).toEqual([1]);
});

test("a stage that asks for more people than there are is told by the plan and refused by the release", async () => {
  const dir = temporaryDirectory();
  const context = await planningContext(dir, field);
  const { warnings } = await planRelease(releaseFor(2), context, { nowMs: 0 });
  expect(warnings).toContain(
    "stage fleet asks for the approval of 2 people, and only one person may give it: developer",
  );
  const error = await thrownBy(() => approvalTerms(releaseFor(2), context));
  expect(error).toMatchObject({ code: "IOT_APPROVERS_TOO_FEW", exit: 2 });
});

test("the environment may ask for more people than the stage", async () => {
  const dir = temporaryDirectory();
  const text =
    "{ apiVersion: iotctl.dev/v1, kind: Environments, environments: { local: { approvals: { least: 2 } } } }";
  writeFileSync(join(dir, "iotctl.yaml"), text);
  const context = await planningContext(dir, field);
  expect((await thrownBy(() => approvalTerms(releaseFor(1), context))).code).toBe("IOT_APPROVERS_TOO_FEW");
  const { stages } = await approvalTerms(releaseFor(0), context);
  expect(stages.map(({ approvalsRequired }) => approvalsRequired)).toEqual([0]);
});
