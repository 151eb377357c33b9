import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ServiceCommands } from "../../src/rollout/service-commands.ts";
import { HastyClock } from "../support/hasty-clock.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const services = new ServiceCommands(new HastyClock());

/** A service that answers `answers` one after the other, the last for ever. */
async function serviceThat(...answers: { status?: number; body: string }[]): Promise<string> {
  let asked = 0;
  const server = createServer((_, response) => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    response.writeHead(answer?.status ?? 200, { "content-type": "application/json" }).end(answer?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/version`;
}

const versionIs = (version: string): { body: string } => ({ body: JSON.stringify({ app: { version } }) });

describe("ServiceCommands", () => {
  it("runs the command where the manifest lies, and tells it what to deploy", async () => {
    const cwd = temporaryDirectory();
    const deploy = 'echo "$IOTCTL_COMPONENT $IOTCTL_VERSION" > deployed';
    await services.deploy("cloud", "5.2.0", { deploy, cwd });
    await services.deploy("cloud", "5.2.0", { deploy, cwd });
    expect(readFileSync(join(cwd, "deployed"), "utf8")).toBe("cloud 5.2.0\n");
  });

  it("does not put versions into the command, where they would be read as shell", async () => {
    const cwd = temporaryDirectory();
    await services.deploy("cloud", "5.2.0-$(touch oops)", { deploy: 'echo "$IOTCTL_VERSION"', cwd });
    expect(existsSync(join(cwd, "oops"))).toBe(false);
  });

  it("says what a command that fails has said", async () => {
    const settings = { deploy: "echo no such cluster >&2; exit 3", cwd: temporaryDirectory() };
    const error = await thrownBy(() => services.deploy("cloud", "5.2.0", settings));
    expect(error).toMatchObject({
      code: "IOT_SERVICE_DEPLOY_FAILED",
      details: { component: "cloud", version: "5.2.0", output: "no such cluster" },
    });
    expect(error.message).toContain("no such cluster");
  });

  it("waits out a restart, and does not deploy once more what runs already", async () => {
    const cwd = temporaryDirectory();
    const deploy = "echo deployed >> log";
    const restarting = { status: 503, body: "{}" };
    const url = await serviceThat(versionIs("5.1.0"), restarting, restarting, versionIs("5.2.0"));
    const settings = { deploy, cwd, observe: { url, field: "app.version" } };
    await services.deploy("cloud", "5.2.0", settings);
    await services.deploy("cloud", "5.2.0", settings);
    expect(readFileSync(join(cwd, "log"), "utf8")).toBe("deployed\n");
  });

  it("waits until the version runs", async () => {
    const url = await serviceThat(versionIs("5.1.0"), versionIs("5.1.0"), versionIs("5.2.0"));
    const settings = { cwd: ".", observe: { url, field: "app.version" } };
    await expect(services.deploy("cloud", "5.2.0", settings)).resolves.toBeUndefined();
  });

  it.each([
    ["another version", versionIs("5.1.0"), "5.1.0"],
    ["no such field", { body: '{"app":{}}' }, "no version"],
    ["a field of another kind", { body: '{"app":{"version":5}}' }, "no version"],
    ["nothing to look into", { body: "null" }, "no version"],
  ])("fails when it answers %s for long", async (_, answer, seen) => {
    const url = await serviceThat(answer);
    const observe = { url, field: "app.version" };
    const error = await thrownBy(() => services.deploy("cloud", "5.2.0", { cwd: ".", observe }));
    expect(error).toMatchObject({ code: "IOT_SERVICE_NOT_DEPLOYED", exit: 4 });
    expect(error.message).toContain(seen);
  });

  it("cannot tell when the service does not answer as it should", async () => {
    const broken = await serviceThat({ status: 503, body: "{}" });
    for (const url of [broken, "http://127.0.0.1:9/"]) {
      const observe = { url, field: "version" };
      const error = await thrownBy(() => services.deploy("cloud", "5.2.0", { cwd: ".", observe }));
      expect(error.code).toBe("IOT_SERVICE_UNREACHABLE");
      expect(error.message).toContain(url);
    }
  });
});
