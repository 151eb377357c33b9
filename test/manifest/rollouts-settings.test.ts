import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Diagnostic } from "../../src/manifest/diagnostic.ts";
import { loadEnvironment } from "../../src/manifest/load-environment.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const cwd = (rollouts: string): string => {
  const dir = temporaryDirectory();
  const text = `apiVersion: iotctl.dev/v1\nkind: Environments\nenvironments:\n  local:\n    rollouts: ${rollouts}\n`;
  writeFileSync(join(dir, "iotctl.yaml"), text);
  return dir;
};
const load = (dir: string) => loadEnvironment({ cwd: dir, name: "local", env: {} });

it.each<[string, (dir: string) => object]>([
  ["journals", (dir) => ({ kind: "directory", dir: join(dir, "journals") })],
  ["{ directory: /srv/journals }", () => ({ kind: "directory", dir: "/srv/journals" })],
  ["{}", (dir) => ({ kind: "directory", dir: join(dir, ".iotctl/rollouts") })],
  ["{ server: true }", () => ({ kind: "server" })],
  [
    "{ s3: { bucket: fan-journals } }",
    () => ({ kind: "s3", bucket: "fan-journals", prefix: "", region: "us-east-1", pathStyle: false }),
  ],
  [
    '{ s3: { bucket: fan, prefix: a/b, endpoint: "http://127.0.0.1:9000", region: eu-1 } }',
    () => ({
      kind: "s3",
      bucket: "fan",
      prefix: "a/b/",
      endpoint: "http://127.0.0.1:9000",
      region: "eu-1",
      pathStyle: true,
    }),
  ],
  [
    '{ s3: { bucket: fan, prefix: a/, endpoint: "https://r2.example.com", path-style: false } }',
    () => ({
      kind: "s3",
      bucket: "fan",
      prefix: "a/",
      endpoint: "https://r2.example.com",
      region: "us-east-1",
      pathStyle: false,
    }),
  ],
])("journals of rollouts lie in %s", async (text, settings) => {
  const dir = cwd(text);
  expect((await load(dir)).rollouts).toEqual(settings(dir));
});

it.each<[string, string]>([
  ["{ server: true, directory: x }", "IOT_MANIFEST_BAD_VALUE `directory`, `server`, `s3`"],
  ["5", "IOT_MANIFEST_BAD_VALUE"],
  ["{ server: false }", "IOT_MANIFEST_BAD_VALUE `true`"],
  ["{ s3: {} }", "IOT_MANIFEST_MISSING_KEY `bucket`"],
  ["{ s3: { bucket: Fan_1 } }", "IOT_MANIFEST_BAD_VALUE the name of a bucket"],
  ["{ s3: { bucket: fan, prefix: /a } }", "IOT_MANIFEST_BAD_VALUE a prefix"],
  ["{ s3: { bucket: fan, prefix: a/../b } }", "IOT_MANIFEST_BAD_VALUE a prefix"],
  ["{ s3: { bucket: fan, region: here! } }", "IOT_MANIFEST_BAD_VALUE a region"],
  ["{ s3: { bucket: fan, path-style: maybe } }", "IOT_MANIFEST_BAD_VALUE true or false"],
  ["{ s4: { bucket: fan } }", "IOT_MANIFEST_UNKNOWN_KEY `s3`"],
  ["{ s3: { bucket: fan, secret-key: x } }", "IOT_MANIFEST_SECRET"],
])("journals of rollouts cannot lie in %s", async (text, problem) => {
  const error = await thrownBy(() => load(cwd(text)));
  expect(error.code).toBe("IOT_MANIFEST_INVALID");
  const [{ code, message, hint }, ...more] = error.details["diagnostics"] as readonly [Diagnostic];
  const [expected = "", ...words] = problem.split(" ");
  expect([code, more]).toEqual([expected, []]);
  expect(`${message} ${hint ?? ""}`).toContain(words.join(" "));
});
