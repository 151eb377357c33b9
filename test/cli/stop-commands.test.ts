// What is said to a rollout that it could not move is refused, or named as nothing new.
import { join } from "node:path";
import { expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import Abort from "../../src/commands/rollout/abort.ts";
import Pause from "../../src/commands/rollout/pause.ts";
import Resume from "../../src/commands/rollout/resume.ts";
import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import type { RolloutConfig, RolloutState } from "../../src/rollout/engine/state.ts";
import { DirectoryJournals } from "../../src/rollout/journal/directory/directory-journals.ts";
import { LiveRollout } from "../../src/rollout/live-rollout.ts";
import { fanConfig, observed, planOf } from "../support/fan-rollout.ts";
import { runCommand } from "../support/run-command.ts";
import { workInTemporaryDirectory } from "../support/work-in-temporary-directory.ts";

const said = { by: "ann", reason: "" };

/** A rollout to which something happened and in which nothing is left to do; the state as its journal has it. */
async function rolloutAfter(
  more: Partial<RolloutConfig>,
  ...events: RolloutEvent[]
): Promise<() => Promise<RolloutState>> {
  const dir = join(workInTemporaryDirectory(), ".iotctl/rollouts");
  const journals = new DirectoryJournals(dir, new VirtualClock());
  const event = { type: "started", config: fanConfig(more) } as const;
  const live = new LiveRollout(await journals.create("fan-1", { at: 0, event, effects: [] }));
  await live.catchUp();
  for (const [index, each] of events.entries()) await live.take(each, index + 1);
  const wayBack = { open: {}, closed: [] };
  for (let [next] = live.state.pending; next; [next] = live.state.pending) {
    await live.take(
      { type: "effect-done", key: next.key, ...(next.kind === "plan-way-back" && { wayBack }) },
      9,
    );
  }
  if (live.state.status === "rolling-back") await live.take(observed(), 10);
  return async () => {
    await live.catchUp();
    return live.state;
  };
}

const firmwareAlone = { plan: planOf("introduce fan 2.0.0") };
const aborted = { type: "aborted", ...said } as const;

test.each([
  [Pause, "paused", "was paused already"],
  [Resume, "running", "is not paused: it is running"],
  [Abort, "aborted", "was aborted already"],
] as const)("%o that would change nothing says so, and writes nothing", async (command, status, words) => {
  const before: Record<string, RolloutEvent[]> = {
    paused: [{ type: "paused", ...said }],
    aborted: [aborted],
  };
  const state = await rolloutAfter(firmwareAlone, ...(before[status] ?? []));
  const held = await state();
  const { envelope, stderr } = await runCommand<{ status: string }>(command, []);
  expect(envelope).toMatchObject({ exitCode: 0, data: { status } });
  expect(stderr).toContain(words);
  expect(await state()).toBe(held);
});

test.each([Pause, Resume])("%o of a rollout that has ended is refused", async (command) => {
  await rolloutAfter(firmwareAlone, aborted);
  await expect(runCommand(command, [])).rejects.toMatchObject({
    code: "IOT_ROLLOUT_NOT_UNDER_WAY",
    exit: 3,
    message: expect.stringContaining("is aborted"),
  });
});

test("rollout abort of one that went back says that nothing of it is under way", async () => {
  const goBack = { type: "rollback-requested", ...said } as const;
  const state = await rolloutAfter(firmwareAlone, goBack);
  const { status } = await state();
  const { stderr } = await runCommand(Abort, []);
  expect([status, stderr]).toEqual(["rolled-back", expect.stringContaining("it is rolled back")]);
});
