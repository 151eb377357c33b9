import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../src/manifest/diagnostic.ts";
import type { Environment } from "../../src/manifest/environment.ts";
import { loadEnvironment } from "../../src/manifest/load-environment.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const keyless = "keyless: { fulcio: http://f, rekor: http://r, trusted-root: root.json }";
const issuer = "issuer: https://issuer.example.com";

function load(approvals: string, signing = keyless): Promise<Environment> & { cwd: string } {
  const cwd = temporaryDirectory();
  const text = `apiVersion: iotctl.dev/v1
kind: Environments
environments:
  production:
    signing: { key: k.pem, ${signing} }
    approvals:
${approvals.replaceAll(/^/gm, "      ")}
`;
  writeFileSync(join(cwd, "iotctl.yaml"), text);
  return Object.assign(loadEnvironment({ cwd, name: "production", env: {} }), { cwd });
}

async function problemsOf(approvals: string, signing?: string): Promise<string[]> {
  const { details } = await thrownBy(() => load(approvals, signing));
  const diagnostics = details["diagnostics"] as readonly Diagnostic[];
  return diagnostics.map(({ code, line }) => `${code.replace("IOT_MANIFEST_", "")} ${line}`);
}

test("approvers are people with keys or identities, and whom to believe about these", async () => {
  const loading = load(
    `least: 2
approvers:
  - { name: Ana Lima, key: keys/ana.pub.pem }
  - { name: Ana Lima, identity: ana@example.com, ${issuer} }
  - { name: ci, identity: "https://github.com/o/r/.github/workflows/r.yml@refs/heads/main", ${issuer} }`,
    "keyless: { fulcio: http://f, rekor: http://r, timestamps: http://t, trusted-root: root.json }",
  );
  const { approvals, signing } = await loading;
  expect(approvals.least).toBe(2);
  expect(approvals.approvers).toEqual([
    { name: "Ana Lima", keyFile: join(loading.cwd, "keys/ana.pub.pem") },
    { name: "Ana Lima", identity: "ana@example.com", issuer: "https://issuer.example.com" },
    expect.objectContaining({ name: "ci" }),
  ]);
  expect(signing.keyless).toEqual({
    fulcioUrl: "http://f",
    rekorUrl: "http://r",
    timestampUrl: "http://t",
    trustedRootFile: join(loading.cwd, "root.json"),
  });
});

describe("approvers are refused", () => {
  test.each([
    ["with a key and an identity", `- { name: a, key: a.pem, identity: a@b, ${issuer} }`],
    ["with neither", "- { name: a }"],
    ["with an identity that nobody vouches for", "- { name: a, identity: a@b }"],
  ])("%s", async (_, entry) => {
    expect(await problemsOf(`approvers:\n  ${entry}`)).toEqual(["APPROVER_UNCLEAR 8"]);
  });

  test("with an identity where nobody is trusted about identities", async () => {
    const entry = `- { name: a, identity: a@b, ${issuer} }`;
    expect(await problemsOf(`approvers:\n  ${entry}`, "trusted: [a.pem]")).toEqual(["APPROVER_UNCLEAR 8"]);
  });

  test("with the key or the identity of another entry, whatever the names", async () => {
    const identity = `identity: a@b, ${issuer}`;
    const entries = [`key: a.pem`, `key: a.pem`, identity, identity];
    const text = entries.map((entry, index) => `  - { name: p${index}, ${entry} }`).join("\n");
    expect(await problemsOf(`approvers:\n${text}`)).toEqual(["APPROVER_TWICE 9", "APPROVER_TWICE 11"]);
  });

  test("where fewer people are named than are asked for, by however many keys", async () => {
    const text = `least: 2\napprovers:\n  - { name: a, key: a.pem }\n  - { name: a, key: b.pem }`;
    expect(await problemsOf(text)).toEqual(["APPROVERS_TOO_FEW 7"]);
  });

  test("without a name, or with one that would break a line", async () => {
    expect(await problemsOf("approvers:\n  - { key: a.pem }")).toEqual(["MISSING_KEY 8"]);
    expect(await problemsOf('approvers:\n  - { name: "a\\nb", key: a.pem }')).toEqual(["BAD_VALUE 8"]);
    expect(await problemsOf("least: 21")).toEqual(["BAD_VALUE 7"]);
  });
});
