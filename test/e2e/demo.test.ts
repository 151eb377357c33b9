import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DemoResult } from "../../src/cli/demo/run-demo.ts";
import type { Envelope } from "../../src/cli/envelope.ts";
import type { JournalRecord } from "../../src/rollout/journal/journal.ts";
import { runIotctl, runIotctlJson } from "../support/run-iotctl.ts";

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "iotctl-demo-"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe("iotctl demo", () => {
  let envelope: Envelope<DemoResult>;
  beforeAll(async () => {
    envelope = await runIotctlJson<DemoResult>(["demo", "--dir", "good"], { cwd, timeoutMs: 100_000 });
  }, 120_000);

  it("updates devices and agent processes, and no incompatible pair ever meets", () => {
    expect(envelope).toMatchObject({ ok: true, exitCode: 0, error: null });
    const { agents, meetings, rollout } = envelope.data!;
    expect(rollout.status).toBe("completed");
    expect(rollout.devices.failed).toBe(0);
    expect(rollout.devices.updated).toBeGreaterThanOrEqual(38);
    expect(meetings.total).toBeGreaterThan(100);
    expect(meetings.incompatible).toBe(0);
    expect(agents.map(({ answers }) => JSON.parse(answers).version)).toEqual(["2.0.0", "2.0.0"]);
  });

  it("moves the apps only after the last fan that they refuse has gone", async () => {
    const { data } = await runIotctlJson<JournalRecord[]>(["rollout", "history"], { cwd: join(cwd, "good") });
    const exposure = data!.findIndex(({ effects }) => effects.some((key) => key.startsWith("expose:")));
    const fansThen = data!
      .slice(0, exposure + 1)
      .flatMap(({ event }) =>
        event.type === "observed" && event.population ? [event.population.versions["fan"]] : [],
      )
      .at(-1);
    expect(exposure).toBeGreaterThan(0);
    expect(fansThen).toBeDefined();
    expect(fansThen).not.toHaveProperty("1.8.0");
  });

  it("begins the fleet only after the approval, which says whose it was", async () => {
    const { data } = await runIotctlJson<JournalRecord[]>(["rollout", "history"], { cwd: join(cwd, "good") });
    const approval = data!.findIndex(({ event }) => event.type === "approved");
    const assignments = data!.flatMap(({ effects }, index) =>
      effects.some((key) => key.startsWith("assign:")) ? [index] : [],
    );
    expect(data![approval]!.event).toMatchObject({ stage: "fleet", by: "developer" });
    expect(assignments.some((index) => index < approval)).toBe(true);
    expect(assignments.some((index) => index > approval)).toBe(true);
  });

  it("leaves a bundle that verifies", async () => {
    expect(await runIotctlJson(["verify"], { cwd: join(cwd, "good") })).toMatchObject({ ok: true });
  });
});

describe("where the demo works", () => {
  it("leaves a directory alone that is not a demo's", async () => {
    const { exitCode, stderr } = await runIotctl(["demo", "--dir", "."], { cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("IOT_DEMO_DIR_TAKEN");
  });
});
