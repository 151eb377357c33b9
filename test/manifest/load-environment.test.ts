import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../src/manifest/diagnostic.ts";
import { loadEnvironment } from "../../src/manifest/load-environment.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const production = `apiVersion: iotctl.dev/v1
kind: Environments
environments:
  production:
    fleet: { backend: embedded, url: "https://\${FLEET_HOST}/", token-env: FLEET_TOKEN }
    storefront: { kind: local, url: "\${STOREFRONT_URL}" }
    storage: { directory: /srv/bundles }
    signing: { key: keys/release.pem, trusted: [keys/release.pub.pem, /etc/old.pub.pem] }
    rollouts: journals
  staging:
    signing: { key: keys/staging.pem }
`;

function load(file: string | null, name: string, env: NodeJS.ProcessEnv = {}) {
  const cwd = temporaryDirectory();
  if (file !== null) writeFileSync(join(cwd, "iotctl.yaml"), file);
  return { cwd, environment: () => loadEnvironment({ cwd, name, env }) };
}

async function problemsOf(file: string, name: string): Promise<string[]> {
  const error = await thrownBy(load(file, name).environment);
  expect(error).toMatchObject({ code: "IOT_MANIFEST_INVALID", exit: 2 });
  const diagnostics = error.details["diagnostics"] as readonly Diagnostic[];
  return diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`);
}

describe("loadEnvironment", () => {
  it("keeps local under .iotctl/, with or without a file that does not speak of it", async () => {
    for (const file of [null, production]) {
      const { cwd, environment } = load(file, "local");
      expect(await environment()).toEqual({
        name: "local",
        fleet: { backend: "embedded", dir: join(cwd, ".iotctl/fleet") },
        storefront: { kind: "local", dir: join(cwd, ".iotctl/storefront") },
        storage: { kind: "directory", dir: join(cwd, ".iotctl/storage") },
        signing: { keyFile: join(cwd, ".iotctl/keys/developer.pem"), createKey: true, trustedKeyFiles: [] },
        rollouts: { kind: "directory", dir: join(cwd, ".iotctl/rollouts") },
        approvals: { approvers: [], least: 0 },
        freezes: [],
        metrics: null,
      });
    }
  });

  it("reads a named one, with paths relative to the file", async () => {
    const { cwd, environment } = load(production, "production", {
      FLEET_HOST: "fleet.example.com",
      STOREFRONT_URL: "http://127.0.0.1:9000",
    });
    expect(await environment()).toEqual({
      name: "production",
      fleet: {
        backend: "embedded",
        url: "https://fleet.example.com/",
        dir: join(cwd, ".iotctl/production/fleet"),
        tokenEnv: "FLEET_TOKEN",
      },
      storefront: {
        kind: "local",
        url: "http://127.0.0.1:9000",
        dir: join(cwd, ".iotctl/production/storefront"),
      },
      storage: { kind: "directory", dir: "/srv/bundles" },
      signing: {
        keyFile: join(cwd, "keys/release.pem"),
        createKey: false,
        trustedKeyFiles: [join(cwd, "keys/release.pub.pem"), "/etc/old.pub.pem"],
      },
      rollouts: { kind: "directory", dir: join(cwd, "journals") },
      approvals: { approvers: [], least: 0 },
      freezes: [],
      metrics: null,
    });
  });

  it("lets local say where it lives, and still makes its own key", async () => {
    const text = `apiVersion: iotctl.dev/v1\nkind: Environments\nenvironments: { local: { storage: { directory: out } } }\n`;
    const { cwd, environment } = load(text, "local");
    expect(await environment()).toMatchObject({
      storage: { dir: join(cwd, "out") },
      signing: { createKey: true },
      rollouts: { kind: "directory", dir: join(cwd, ".iotctl/rollouts") },
      approvals: { approvers: [], least: 0 },
      freezes: [],
      metrics: null,
    });
  });

  it("needs the variables of the environment that is used, and of no other", async () => {
    expect(await problemsOf(production, "production")).toEqual([
      "IOT_MANIFEST_VARIABLE 5:47",
      "IOT_MANIFEST_VARIABLE 6:38",
    ]);
    expect((await load(production, "staging").environment()).name).toBe("staging");
  });

  it("says which environments there are", async () => {
    const unknown = await thrownBy(load(production, "prodution").environment);
    expect(unknown).toMatchObject({
      code: "IOT_ENVIRONMENT_UNKNOWN",
      exit: 2,
      hints: ["Use another one: --env production"],
      details: { known: ["local", "production", "staging"] },
    });
    expect(unknown.message).toContain("it has local, production, staging");
    const none = await thrownBy(load(null, "production").environment);
    expect(none.code).toBe("IOT_ENVIRONMENT_UNKNOWN");
    expect(none.message).toContain("does not exist");
  });

  it.each(["constructor", "__proto__", "toString"])(
    "knows no environment that every object has: %s",
    async (name) => {
      expect((await thrownBy(load(production, name).environment)).code).toBe("IOT_ENVIRONMENT_UNKNOWN");
    },
  );

  it("reports everything that is wrong with the file, whichever environment is used", async () => {
    const text = production
      .replace("backend: embedded", "backend: hawkbit")
      .replace("rollouts: journals", "rollout: journals")
      .replace("signing: { key: keys/staging.pem }", "signing: {}");
    expect(await problemsOf(text, "local")).toEqual([
      "IOT_MANIFEST_BAD_VALUE 5:23",
      "IOT_MANIFEST_UNKNOWN_KEY 9:5",
      "IOT_MANIFEST_MISSING_KEY 11:5",
    ]);
  });

  it("refuses secrets in the file", async () => {
    expect(await problemsOf(production.replace("token-env: FLEET_TOKEN", "token: abc"), "local")).toEqual([
      "IOT_MANIFEST_SECRET 5:64",
    ]);
    expect(
      await problemsOf(production.replace("${STOREFRONT_URL}", "http://me:abc@127.0.0.1"), "local"),
    ).toEqual(["IOT_MANIFEST_BAD_VALUE 6:37"]);
  });

  it("refuses a file that is no manifest as `loadRelease` does", async () => {
    expect((await thrownBy(load("\0", "local").environment)).code).toBe("IOT_MANIFEST_NOT_TEXT");
    expect(await problemsOf("- a\n", "local")).toEqual(["IOT_MANIFEST_SYNTAX 1:1"]);
  });
});
