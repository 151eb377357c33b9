import { expect, it } from "vitest";
import { watchRollout } from "../../../src/cli/release/watch-rollout.ts";
import type { Progress } from "../../../src/cli/release/progress.ts";
import { exitOfRollout } from "../../../src/cli/render/exit-of-rollout.ts";
import type { Stage } from "../../../src/manifest/release.ts";
import { startRollout } from "../../../src/rollout/start-rollout.ts";
import { MemoryJournals } from "../../support/memory-journal.ts";
import { QuietField, quietScenario } from "../../support/simulation/quiet-field.ts";
import { hourMs, minuteMs } from "../../support/simulation/settings.ts";

/** Watches a healthy rollout in a small world, whose time passes while the watcher sleeps. */
async function watch(timeoutMs: number, change: (stage: Stage) => Stage, waitForPeople = false) {
  const scenario = quietScenario();
  const { config, startMs } = scenario;
  const world = new QuietField(scenario);
  const said: string[] = [];
  let note = "";
  const progress: Progress = {
    async step(_, work) {
      const done = await work((text) => said.push(text));
      note = done.note;
      return done.value;
    },
  };
  const stages = config.stages.map(change);
  const view = await watchRollout({
    journal: await startRollout(new MemoryJournals(), { ...config, stages }, startMs),
    ports: world.ports,
    clock: { now: () => world.clock.now(), sleep: (ms) => world.pass(ms) },
    intervalMs: 10 * minuteMs,
    timeoutMs,
    waitForPeople,
    signal: new AbortController().signal,
    progress,
  });
  const tookMs = world.clock.now() - startMs;
  return { status: view.status, exit: exitOfRollout(view), note, said, tookMs };
}

const alone = (stage: Stage): Stage => ({ ...stage, approvalsRequired: 0, gates: [] });

it("ends with 0 when the rollout is completed", async () => {
  const { exit, note, said, status } = await watch(200 * hourMs, alone);
  expect({ exit, status }).toEqual({ exit: 0, status: "completed" });
  expect(note).not.toContain("stopped looking");
  // What stays as it was is said once.
  expect(said.every((text, index) => text !== said[index - 1])).toBe(true);
});

it("ends with 4 when time is up, and says so", async () => {
  const { exit, note, status } = await watch(hourMs, (stage) => ({ ...alone(stage), bakeMs: 100 * hourMs }));
  expect({ exit, status }).toEqual({ exit: 4, status: "running" });
  expect(note).toContain("waits for its bake time until");
  expect(note).toContain("stopped looking after 1h, the rollout stays");
});

it("ends with 4 when people are asked", async () => {
  const { exit, note, status } = await watch(200 * hourMs, (stage) => ({
    ...alone(stage),
    approvalsRequired: 2,
  }));
  expect({ exit, status }).toEqual({ exit: 4, status: "awaiting-approval" });
  expect(note).toContain("waits for 2 approvals of stage");
  expect(note).not.toContain("stopped looking");
});

it("ends with 4 before a window that opens too late, unless it is to wait", async () => {
  const windows = [{ days: [5], fromMinute: 0, untilMinute: 1440, zone: "UTC" }];
  const change = (stage: Stage): Stage => ({ ...alone(stage), windows });
  const { exit, note, said, tookMs } = await watch(hourMs, change);
  expect(exit).toBe(4);
  expect(note).toContain("waits for its window: outside of Fri 00:00-24:00 UTC, until ");
  expect(said).toHaveLength(1);
  expect(tookMs).toBeLessThan(hourMs);
  expect((await watch(hourMs, change, true)).tookMs).toBe(hourMs);
});

it("goes on looking while a window is closed, and ends when it has opened", async () => {
  const windows = [{ days: [5], fromMinute: 0, untilMinute: 1440, zone: "UTC" }];
  const { exit, said } = await watch(400 * hourMs, (stage) => ({ ...alone(stage), windows }));
  expect(exit).toBe(0);
  expect(said.some((text) => text.includes("its window: outside of Fri 00:00-24:00 UTC, until "))).toBe(true);
});
