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
  const dir = temporaryDirectory();
  const signer = fanSigner(dir);
  const server = await DdiServer.start();
  server.sleep = "00:00:01";
  const attestation = await signRelease(fanResolved({ faulty: point.faulty ?? false }), signer);
  const image = fanImage("fan-a1", point.faulty ? "faulty" : "2.0.0");
  const action = server.offer({ component: "fan", version: "2.0.0", image, attestation });
  const factoryImage = join(dir, "factory.bin");
  writeFileSync(factoryImage, fanImage("fan-a1", "1.9.4"));
  const payloadPort = await freePort();
  const options: AgentProcessOptions = {
    serverUrl: server.url,
    deviceId: server.deviceId,
    token: server.token,
    dir: join(dir, "device"),
    keyFile: join(dir, "key.pub.pem"),
    payloadPort,
    factoryImage,
  };

  onTestFinished(() => new OrphanGuard(join(options.dir, "payload.json"), systemClock).end());
  const first = startAgent(options);
  let seen = 0;
  server.before = async (request) => {
    if (request !== point.at || ++seen !== point.nth) return;
    if (point.laterMs !== undefined) return void delay(point.laterMs).then(() => kill(first));
    server.fault = () => "cut";
    await kill(first);
  };
  await ended(first);
  server.fault = () => "none";
  expect(first.signalCode).toBe("SIGKILL");
  if (point.laterMs === undefined) expect(action.closed).toBeNull();

  const second = startAgent(options);
  const polls = server.requests.filter((request) => request === "GET /").length;
  const polledAgain = (): boolean => server.requests.filter((request) => request === "GET /").length > polls;
  for (let waited = 0; waited < 200 && !(action.closed && polledAgain()); waited++) await delay(100);
  const version = point.faulty ? "1.9.4" : "2.0.0";
  expect(action.closed).toBe(point.faulty ? "failure" : "success");
  expect(server.attributes[deviceAttribute.version]).toBe(version);
  expect(await health(payloadPort)).toMatchObject({ version });
  expect(await readlink(join(options.dir, "current"))).toBe(point.faulty ? "a" : "b");

  second.kill("SIGTERM");
  await ended(second);
  expect(second.exitCode).toBe(0);
  // The payload goes with its agent.
  await expect(health(payloadPort)).rejects.toThrow("fetch failed");
});

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
