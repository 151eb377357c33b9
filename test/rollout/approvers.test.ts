import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ApproverSettings } from "../../src/manifest/environment.ts";
import {
  assertEnoughApprovers,
  stagesUnderPolicy,
  stagesWithoutPeople,
} from "../../src/rollout/consent/approval-policy.ts";
import { approversOf, assertApproversUsable } from "../../src/rollout/consent/approvers-of.ts";
import { loadTrustedKeys } from "../../src/signing/load-trusted-keys.ts";
import { keyIn } from "../support/fan-bundle.ts";
import { stage } from "../support/fan-rollout.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const stages = [stage("canary"), stage("fleet", { approvalsRequired: 1 })];

function policy(approvers: readonly ApproverSettings[], least = 0) {
  return { name: "production", approvals: { approvers, least } };
}

test("without a policy whoever holds a trusted key may approve: the developer, or by the name of the file", () => {
  const dir = temporaryDirectory();
  for (const name of ["dev", "ana", "bob"]) keyIn(dir, name);
  const keyFile = join(dir, "dev.pem");
  const own = loadTrustedKeys({ keyFile, trustedKeyFiles: [] });
  expect(approversOf(policy([]), own).map(({ name }) => name)).toEqual(["developer"]);
  const files = ["ana.pub.pem", "bob.pub.pem"].map((file) => join(dir, file));
  const theirs = loadTrustedKeys({ keyFile, trustedKeyFiles: files });
  expect(approversOf(policy([]), theirs).map(({ name }) => name)).toEqual(["ana", "bob"]);
});

test("keys of files that are called the same are those of two people", () => {
  const [one, other] = [temporaryDirectory(), temporaryDirectory()];
  keyIn(one, "release");
  keyIn(other, "release");
  const trustedKeyFiles = [join(one, "release.pub.pem"), join(other, "release.pub.pem")];
  const keys = loadTrustedKeys({ keyFile: join(one, "release.pem"), trustedKeyFiles });
  expect(approversOf(policy([]), keys).map(({ name }) => name)).toEqual(trustedKeyFiles);
});

test("a policy names people by keys and by identities", () => {
  const dir = temporaryDirectory();
  keyIn(dir, "ana");
  const byIdentity = { name: "bob", identity: "bob@example.com", issuer: "https://issuer.example.com" };
  const approvers = approversOf(policy([{ name: "ana", keyFile: join(dir, "ana.pub.pem") }, byIdentity]), []);
  expect(approvers).toEqual([
    { name: "ana", publicKeyPem: expect.stringContaining("BEGIN PUBLIC KEY") },
    byIdentity,
  ]);
});

test("one key under two names is refused, for it would count twice", async () => {
  const dir = temporaryDirectory();
  const key = keyIn(dir, "ana");
  const copy = join(dir, "copy.pub.pem");
  writeFileSync(copy, key.trustedKey.publicKey.export({ type: "spki", format: "pem" }));
  const entries = [
    { name: "ana", keyFile: join(dir, "ana.pub.pem") },
    { name: "bob", keyFile: copy },
  ];
  const error = await thrownBy(() => approversOf(policy(entries), []));
  expect(error).toMatchObject({ code: "IOT_APPROVER_KEY_SHARED", exit: 2 });
  expect(error.message).toContain("ana and of bob");
  const missing = [{ name: "ana", keyFile: join(dir, "absent.pem") }];
  expect((await thrownBy(() => approversOf(policy(missing), []))).code).toBe("IOT_FILE_UNREADABLE");
  const secret = [{ name: "ana", keyFile: join(dir, "ana.pem") }];
  const bad = await thrownBy(() => assertApproversUsable(policy(secret)));
  expect(bad).toMatchObject({
    code: "IOT_KEY_INVALID",
    details: { approver: "ana", path: join(dir, "ana.pem") },
  });
  expect(bad.message).toContain(`The key of approver ana, ${join(dir, "ana.pem")}`);
});

test("the least number raises stages that ask for anybody, and no others", () => {
  const asked = (least: number) =>
    stagesUnderPolicy(stages, { least }).map(({ approvalsRequired }) => approvalsRequired);
  expect([asked(0), asked(2)]).toEqual([
    [0, 1],
    [0, 2],
  ]);
});

test("a stage that asks for more people than there are is refused before anything moves", async () => {
  expect(stagesWithoutPeople(stages, ["ana"])).toEqual([]);
  const two = stagesUnderPolicy(stages, { least: 2 });
  expect(stagesWithoutPeople(two, ["ana", "ana"])).toEqual([
    "stage fleet asks for the approval of 2 people, and only one person may give it: ana",
  ]);
  const error = await thrownBy(() => assertEnoughApprovers(two, ["ana"], "production"));
  expect(error).toMatchObject({ code: "IOT_APPROVERS_TOO_FEW", exit: 2 });
});
