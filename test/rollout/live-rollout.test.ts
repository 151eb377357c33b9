import { expect, it } from "vitest";
import { LiveRollout } from "../../src/rollout/live-rollout.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { fanConfig } from "../support/fan-rollout.ts";
import { MemoryJournals } from "../support/memory-journal.ts";

const paused = { type: "paused", by: "ann", reason: "" } as const;

it("says that it was not read where it was not, before the first time and after a lost append", async () => {
  const journals = new MemoryJournals();
  const { rolloutId } = await startRollout(journals, fanConfig(), 0);
  const opened = journals.open(rolloutId);
  const live = new LiveRollout(opened);
  expect(() => live.state).toThrow("has to be read");
  await live.catchUp();
  opened.append = () => Promise.reject(new Error("away"));
  await expect(live.take(paused, 1)).rejects.toThrow("away");
  expect(() => live.state).toThrow("has to be read");
  await live.catchUp();
  expect(live.state.status).toBe("running");
});

it("holds nothing of a record that a check did not let through", async () => {
  const journals = new MemoryJournals();
  const { rolloutId } = await startRollout(journals, fanConfig(), 0);
  const opened = journals.open(rolloutId);
  let isStrict = true;
  const live = new LiveRollout(opened, ({ seq }) => {
    if (isStrict && seq === 2) throw new Error("forged");
  });
  await live.catchUp();
  const other = new LiveRollout(opened);
  await other.catchUp();
  await other.take(paused, 1);
  await expect(live.catchUp()).rejects.toThrow("forged");
  expect(() => live.state).toThrow("has to be read");
  isStrict = false;
  await live.catchUp();
  expect(live.state).toEqual(other.state);
});
