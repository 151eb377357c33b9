import { join } from "node:path";
import { expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import Retry from "../../src/commands/rollout/retry.ts";
import { DirectoryJournals } from "../../src/rollout/journal/directory/directory-journals.ts";
import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import type { JournalRecord } from "../../src/rollout/journal/journal.ts";
import { LiveRollout } from "../../src/rollout/live-rollout.ts";
import { fanConfig, fleetOf, observed } from "../support/fan-rollout.ts";
import { runCommand } from "../support/run-command.ts";
import { workInTemporaryDirectory } from "../support/work-in-temporary-directory.ts";

/** A rollout in the journals of this directory to which something happened. */
async function rolloutAfter(...events: RolloutEvent[]): Promise<() => Promise<readonly JournalRecord[]>> {
  const journals = new DirectoryJournals(
    join(workInTemporaryDirectory(), ".iotctl/rollouts"),
    new VirtualClock(),
  );
  const event = { type: "started", config: fanConfig({ onFailure: "hold" }) } as const;
  const journal = await journals.create("fan-1", { at: 0, event, effects: [] });
  const live = new LiveRollout(journal);
  await live.catchUp();
  for (const [index, each] of events.entries()) await live.take(each, index + 1);
  return () => journal.read();
}

const failed = observed({ progress: fleetOf("bad", 1, { status: "failed", reason: "disk full" }) });

test("rollout retry writes down who is to be tried again, and says what happens while nobody is there", async () => {
  const records = await rolloutAfter(failed);
  // There is no fleet server here: what was said takes effect with the next turn.
  await expect(
    runCommand(Retry, ["--reason", "made room", "--by", "ann", "--device", "bad-0"]),
  ).rejects.toMatchObject({
    code: "IOT_SERVER_NOT_STARTED",
  });
  expect((await records()).at(-1)?.event).toEqual({
    type: "retried",
    by: "ann",
    reason: "made room",
    deviceIds: ["bad-0"],
  });
});

test.each([
  ["that has not failed", ["--device", "bad-0", "--device", "other"], /Device other/],
  ["where none has failed", [], /No device/],
])("rollout retry refuses a device %s, and writes nothing", async (what, flags, message) => {
  const records = await rolloutAfter(...(what.startsWith("where") ? [] : [failed]));
  const before = (await records()).length;
  await expect(runCommand(Retry, flags)).rejects.toMatchObject({
    code: "IOT_DEVICE_NOT_FAILED",
    exit: 2,
    message: expect.stringMatching(message),
  });
  expect(await records()).toHaveLength(before);
});

test("rollout retry of one that has ended says how it begins anew", async () => {
  await rolloutAfter(failed, { type: "aborted", by: "ann", reason: "" });
  await expect(runCommand(Retry, [])).rejects.toMatchObject({
    code: "IOT_ROLLOUT_NOT_UNDER_WAY",
    exit: 3,
    hints: ["Begin anew from the first stage: iotctl release --again"],
  });
});
