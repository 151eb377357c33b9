// Real processes on a real port.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { DiskSlotStorage, slotImagePath } from "../../src/agent/disk-slot-storage.ts";
import { OrphanGuard } from "../../src/agent/orphan-guard.ts";
import { ProcessPayloadRunner } from "../../src/agent/process-payload-runner.ts";
import { watchTrial } from "../../src/agent/watch-trial.ts";
import { systemClock } from "../../src/base/clock.ts";
import { fanImage } from "../support/fan-images.ts";
import { freePort } from "../support/free-port.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

async function runnerWith(images: { readonly a?: string | Uint8Array; readonly b?: string | Uint8Array }) {
  const dir = temporaryDirectory();
  const slots = new DiskSlotStorage(dir);
  for (const slot of ["a", "b"] as const) {
    slots.prepare(slot, { digest: slot, version: slot });
    slots.append(slot, Buffer.from(images[slot] ?? ""));
  }
  const port = await freePort();
  const runner = new ProcessPayloadRunner({ dir, port, clock: systemClock });
  onTestFinished(() => runner.stop());
  const start = (slot: "a" | "b") => runner.start({ slot, digest: slot, version: slot });
  const trial = (version: string, trialMs = 5000) =>
    watchTrial({
      payload: runner,
      clock: systemClock,
      version,
      hardware: "fan-a1",
      trialMs,
      steadyMs: 0,
      monotonicNow: () => performance.now(),
    });
  return { dir, port, runner, start, trial };
}

test("a payload runs, gives way to another, and stops", async () => {
  const { runner, start, trial } = await runnerWith({
    a: fanImage("fan-a1", "1.9.4"),
    b: fanImage("fan-a1", "2.0.0"),
  });
  expect((await runner.health()).kind).toBe("stopped");
  await start("a");
  expect(await trial("1.9.4")).toBeNull();
  await start("b");
  expect(await trial("2.0.0")).toBeNull();
  expect(await runner.health()).toEqual({ kind: "healthy", version: "2.0.0", model: "fan-a1" });
  await runner.stop();
  expect((await runner.health()).kind).toBe("stopped");
});

test("a payload that is not well, another version or for other hardware is told apart", async () => {
  const { start, trial } = await runnerWith({
    a: fanImage("fan-a1", "faulty"),
    b: fanImage("fan-b2", "2.0.0"),
  });
  await start("a");
  expect(await trial("2.0.0", 1000)).toBe("its health answer has status 500");
  await start("b");
  expect(await trial("2.1.0", 1000)).toBe("it says it is 2.0.0, promised was 2.1.0");
  expect(await trial("2.0.0", 1000)).toBe("it is for fan-b2, this is fan-a1");
});

test("a payload that ends at once ends its trial at once, with its last words", async () => {
  const { start, trial } = await runnerWith({
    a: "#!/bin/sh\necho out of oil >&2\nexit 3\n",
    b: Buffer.from([0, 1, 2]),
  });
  const begin = performance.now();
  await start("a");
  expect(await trial("a", 60_000)).toBe("it ended with exit code 3: out of oil");
  await start("b");
  expect(await trial("b", 60_000)).toMatch(/^it (cannot be started|ended)/);
  expect(performance.now() - begin).toBeLessThan(30_000);
});

test("a payload that does not want to end is made to", async () => {
  const { runner, start, trial } = await runnerWith({
    a: "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n",
  });
  await start("a");
  await trial("a", 300);
  await runner.stop();
  expect((await runner.health()).kind).toBe("stopped");
});

test("nothing of our environment reaches the payload", async () => {
  process.env["IOTCTL_DEVICE_TOKEN"] = "s3cret";
  onTestFinished(() => void delete process.env["IOTCTL_DEVICE_TOKEN"]);
  const { start, trial } = await runnerWith({ a: "#!/bin/sh\nenv >&2; exit 1\n" });
  await start("a");
  const said = await trial("a");
  expect(said).toContain("IOTCTL_PORT=");
  expect(said).not.toContain("s3cret");
});

test("a process that got the id of a dead payload is left alone", async () => {
  const { dir, start, trial } = await runnerWith({ a: fanImage("fan-a1", "1.9.4") });
  const bystander = spawn("sleep", ["60"], { stdio: "ignore", detached: true });
  onTestFinished(() => void bystander.kill("SIGKILL"));
  writeFileSync(
    join(dir, "payload.json"),
    JSON.stringify({ pid: bystander.pid, image: slotImagePath(dir, "a") }),
  );
  await start("a");
  expect(await trial("1.9.4")).toBeNull();
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
});

test("a payload whose process cannot be remembered runs all the same", async () => {
  const { dir, start, trial } = await runnerWith({ a: fanImage("fan-a1", "1.9.4") });
  await start("a");
  // A temporary file that cannot be created is what a full disk comes to.
  mkdirSync(join(dir, `payload.json.${process.pid}.tmp`), { recursive: true });
  await start("a");
  expect(await trial("1.9.4")).toBeNull();
});

/** Starts a helper that ignores SIGTERM and holds stderr; `$!` goes to a file beside the image. */
const helper = (session: string, then: string) =>
  `#!/bin/sh\n${session} sh -c 'trap "" TERM; echo $$ >helper.pid; while :; do sleep 1; done' &\n${then}\n`;

async function helperPid(dir: string): Promise<number> {
  for (let waited = 0; waited < 100; waited++) {
    const text = existsSync(join(dir, "a/helper.pid")) ? readFileSync(join(dir, "a/helper.pid"), "utf8") : "";
    if (text.endsWith("\n")) return Number(text);
    await delay(20);
  }
  throw new Error("the helper did not start");
}

function state(pid: number): string {
  return existsSync(`/proc/${pid}/stat`)
    ? (/\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "")
    : "gone";
}

test("a helper in a session of its own that holds stderr does not hold up the stop", async () => {
  const { dir, runner, start, trial } = await runnerWith({ a: helper("setsid", "echo bye >&2; sleep 60") });
  await start("a");
  const pid = await helperPid(dir);
  onTestFinished(() => void process.kill(pid, "SIGKILL"));
  const begin = performance.now();
  await runner.stop();
  expect(performance.now() - begin).toBeLessThan(2500);

  writeFileSync(
    slotImagePath(dir, "a"),
    helper("setsid", "while [ ! -s helper.pid ]; do sleep 0.1; done; echo out of oil >&2; exit 3"),
  );
  rmSync(join(dir, "a/helper.pid"));
  await start("a");
  const second = await helperPid(dir);
  onTestFinished(() => void process.kill(second, "SIGKILL"));
  expect(await trial("a", 60_000)).toBe("it ended with exit code 3: out of oil");
});

test("what a payload started in its group goes with it", async () => {
  const { dir, runner, start, trial } = await runnerWith({ a: helper("", "sleep 60") });
  await start("a");
  const pid = await helperPid(dir);
  await runner.stop();
  await delay(100);
  expect(["gone", "Z"]).toContain(state(pid));

  writeFileSync(slotImagePath(dir, "a"), helper("", "sleep 0.5"));
  rmSync(join(dir, "a/helper.pid"));
  await start("a");
  const second = await helperPid(dir);
  expect(await trial("a")).toBe("it ended with exit code 0");
  await delay(100);
  expect(["gone", "Z"]).toContain(state(second));
});

test("an orphan is gone before the next payload starts", async () => {
  const { dir, start } = await runnerWith({ a: fanImage("fan-a1", "1.9.4") });
  await start("a");
  const { pid } = JSON.parse(readFileSync(join(dir, "payload.json"), "utf8")) as { pid: number };
  const waits: string[] = [];
  const sleep = async (ms: number) => {
    waits.push(state(pid));
    await delay(ms);
  };
  await new OrphanGuard(join(dir, "payload.json"), { sleep }).end();
  expect(["gone", "Z"]).toContain(state(pid));
  expect(waits.length).toBeLessThan(100);
});
