// Real processes on a real port.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DiskSlotStorage, slotImagePath } from "../../src/agent/disk-slot-storage.ts";
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
