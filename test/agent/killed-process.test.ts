// A real agent with a real payload is killed with SIGKILL at many points and started again.
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { readlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished, test, expect } from "vitest";
import { OrphanGuard } from "../../src/agent/orphan-guard.ts";
import { systemClock } from "../../src/base/clock.ts";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import type { AgentProcessOptions } from "../support/agent-process.ts";
import { DdiServer } from "../support/ddi-server.ts";
import { fanImage, fanResolved, fanSigner, signRelease } from "../support/fan-images.ts";
import { freePort } from "../support/free-port.ts";
import { repositoryRoot } from "../support/repository.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const feedback = "POST /deploymentBase/11/feedback";

interface Point {
  readonly at: string;
  /** Which of the requests of this kind. */
  readonly nth: number;
  readonly laterMs?: number;
  readonly faulty?: boolean;
}

const points: Point[] = [
  { at: "GET /images/11", nth: 1 },
  { at: feedback, nth: 3 },
  { at: feedback, nth: 3, laterMs: 90 },
  { at: feedback, nth: 3, laterMs: 180 },
  { at: feedback, nth: 4 },
  { at: feedback, nth: 3, laterMs: 60, faulty: true },
  { at: feedback, nth: 3, laterMs: 900, faulty: true },
  { at: feedback, nth: 4, faulty: true },
];

test.each(points)("killed at $at number $nth, $laterMs ms later", { timeout: 60_000 }, async (point) => {
  const { server, offer, options } = await setUp(point.faulty);
  const action = server.offer(offer);
  const first = await killedAt(point, server, options);
  expect(first.signalCode).toBe("SIGKILL");
  if (point.laterMs === undefined) expect(action.closed).toBeNull();

  const second = startAgent(options);
  const polledAgain = pollsSince(server);
  await until(() => action.closed !== null && polledAgain() > 0);
  const version = point.faulty ? "1.9.4" : "2.0.0";
  expect(action.closed).toBe(point.faulty ? "failure" : "success");
  expect(server.attributes[deviceAttribute.version]).toBe(version);
  expect(await health(options.payloadPort)).toMatchObject({ version });
  expect(await readlink(join(options.dir, "current"))).toBe(point.faulty ? "a" : "b");

  second.kill("SIGTERM");
  await ended(second);
  expect(second.exitCode).toBe(0);
  // The payload goes with its agent.
  await expect(health(options.payloadPort)).rejects.toThrow("fetch failed");
});

const installation = "POST /deploymentBase/12/feedback";
const stagedPoints: Point[] = [
  { at: "GET /images/11", nth: 1 },
  { at: feedback, nth: 2 },
  { at: feedback, nth: 2, laterMs: 100 },
  { at: "GET /attestations/12", nth: 1 },
  { at: installation, nth: 1, laterMs: 90 },
];

test.each(stagedPoints)(
  "a staged update, killed at $at number $nth, $laterMs ms later, is held and installed without another download",
  { timeout: 60_000 },
  async (point) => {
    const { server, offer, options } = await setUp();
    const staging = server.offer({ ...offer, staged: true });
    const isInstallation = point.at !== feedback && point.at !== "GET /images/11";
    const killed = killedAt(point, server, options);
    if (isInstallation) {
      await until(() => staging.closed !== null);
      expect(await health(options.payloadPort)).toMatchObject({ version: "1.9.4" });
      server.offer(offer);
    }
    expect((await killed).signalCode).toBe("SIGKILL");

    startAgent(options);
    const polledAgain = pollsSince(server);
    await until(() => staging.closed !== null && polledAgain() > 1);
    expect(staging.closed).toBe("success");
    if (!isInstallation) {
      expect(await health(options.payloadPort)).toMatchObject({ version: "1.9.4" });
      expect(server.attributes[deviceAttribute.version]).toBe("1.9.4");
      expect(await readlink(join(options.dir, "current"))).toBe("a");
      server.offer(offer);
    }
    await until(() => server.actions[1]?.closed !== null);
    expect(server.actions[1]?.closed).toBe("success");
    expect(await health(options.payloadPort)).toMatchObject({ version: "2.0.0" });
    expect(await readlink(join(options.dir, "current"))).toBe("b");
    expect(server.requests).not.toContain("GET /images/12");
  },
);

async function setUp(faulty = false) {
  const dir = temporaryDirectory();
  const signer = fanSigner(dir);
  const server = await DdiServer.start();
  server.sleep = "00:00:01";
  const attestation = await signRelease(fanResolved({ faulty }), signer);
  const image = fanImage("fan-a1", faulty ? "faulty" : "2.0.0");
  const factoryImage = join(dir, "factory.bin");
  writeFileSync(factoryImage, fanImage("fan-a1", "1.9.4"));
  const options: AgentProcessOptions = {
    serverUrl: server.url,
    deviceId: server.deviceId,
    token: server.token,
    dir: join(dir, "device"),
    keyFile: join(dir, "key.pub.pem"),
    payloadPort: await freePort(),
    factoryImage,
  };
  onTestFinished(() => new OrphanGuard(join(options.dir, "payload.json"), systemClock).end());
  return { server, options, offer: { component: "fan", version: "2.0.0", image, attestation } };
}

/** Starts an agent and kills it at the point. */
async function killedAt(
  point: Point,
  server: DdiServer,
  options: AgentProcessOptions,
): Promise<ChildProcess> {
  const agent = startAgent(options);
  let seen = 0;
  server.before = async (request) => {
    if (request !== point.at || ++seen !== point.nth) return;
    if (point.laterMs !== undefined) return void delay(point.laterMs).then(() => kill(agent));
    server.fault = () => "cut";
    await kill(agent);
  };
  await ended(agent);
  server.fault = () => "none";
  return agent;
}

/** How often the server was polled since. */
function pollsSince(server: DdiServer): () => number {
  const polls = (): number => server.requests.filter((request) => request === "GET /").length;
  const before = polls();
  return () => polls() - before;
}

/** Waits at most 20 s. */
async function until(done: () => boolean): Promise<void> {
  for (let waited = 0; waited < 200 && !done(); waited++) await delay(100);
}

function startAgent(options: AgentProcessOptions): ChildProcess {
  const script = join(repositoryRoot, "test/support/agent-process.ts");
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await ended(child);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => void child.once("exit", () => resolve()));
}

async function health(port: number): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/health`);
  return response.json();
}
