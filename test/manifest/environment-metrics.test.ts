import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadEnvironment } from "../../src/manifest/load-environment.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

function metricsOf(settings: string, env: NodeJS.ProcessEnv = {}) {
  const cwd = temporaryDirectory();
  const text = `apiVersion: iotctl.dev/v1\nkind: Environments\nenvironments:\n  local: { metrics: ${settings} }\n`;
  writeFileSync(join(cwd, "iotctl.yaml"), text);
  return loadEnvironment({ cwd, name: "local", env }).then(({ metrics }) => metrics);
}

it("an environment says where metrics are, and the name of the variable with the token", async () => {
  const url = "https://prometheus.example.com/tenant-a";
  expect(await metricsOf(`{ prometheus: { url: "${url}" } }`)).toEqual({ kind: "prometheus", url });
  expect(await metricsOf(`{ prometheus: { url: "${url}", token-env: METRICS_TOKEN } }`)).toEqual({
    kind: "prometheus",
    url,
    tokenEnv: "METRICS_TOKEN",
  });
});

it("an environment holds no token, and no address that is none", async () => {
  const problems = (settings: string) =>
    metricsOf(settings).then(
      () => [],
      (error: { details: { diagnostics: { code: string; line: number; column: number }[] } }) =>
        error.details.diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`),
    );
  expect(await problems('{ prometheus: { url: "http://me:secret@host" } }')).toEqual([
    "IOT_MANIFEST_BAD_VALUE 4:42",
  ]);
  expect(await problems('{ prometheus: { url: "http://host", token: secret } }')).toEqual([
    "IOT_MANIFEST_SECRET 4:57",
  ]);
  expect(await problems("{ prometheus: {} }")).toEqual(["IOT_MANIFEST_MISSING_KEY 4:23"]);
  expect(await problems("{}")).toEqual(["IOT_MANIFEST_MISSING_KEY 4:12"]);
});

it.each([
  '{ prometheus: { url: "http://me:hunter2@host" } }',
  "{ prometheus: http://me:hunter2@host }",
  "{ prometheus: { url: http://host, token-env: hunter2-hunter2 } }",
  "{ prometheus: { url: http://host, token-env: [hunter2] } }",
  "{ prometheus: { url: http://host, token-env: ghp_hunter20123456789abcdefghij } }",
  "{ prometheus: { url: http://host, token: hunter2 } }",
  "{ prometheus: { url: http://me:hunter2@host }",
  "{ prometheus: { url: '${METRICS_URL}' } }",
])("an error repeats no secret: %s", async (settings) => {
  const error = await metricsOf(settings, { METRICS_URL: "http://me:hunter2@host" }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: "IOT_MANIFEST_INVALID" });
  const { message } = error as Error;
  expect(message + JSON.stringify(error)).not.toContain("hunter2");
  // The line is there all the same, with its caret.
  expect(message).toMatch(/ 4 \| .*prometheus/);
});
