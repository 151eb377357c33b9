import { expect, it } from "vitest";
import { followRollout } from "../../../src/cli/release/follow-rollout.ts";
import { advance, readRollout, tell } from "../../../src/rollout/advance.ts";
import { startRollout } from "../../../src/rollout/start-rollout.ts";
import { MemoryJournals } from "../../support/memory-journal.ts";
import { quickConfig, SmallField } from "../../support/small-field.ts";

it("does not go away from a rollout that ended while another has its turn and has not stopped yet", async () => {
  const field = new SmallField(3);
  const journal = await startRollout(new MemoryJournals(), quickConfig(), 0);
  await advance(journal, field.ports);
  await tell(journal, { type: "aborted", by: "ann", reason: "" }, 1);
  const following = await journal.turn(async () => {
    const { clock, ports } = field;
    const view = followRollout({
      journal,
      ports,
      clock,
      intervalMs: 1000,
      timeoutMs: null,
      waitForPeople: false,
      signal: new AbortController().signal,
      onView: () => {},
      onTrouble: () => {},
    });
    await clock.advance(3000);
    return { view };
  });
  // The other died without having done it.
  await field.clock.advance(1000);
  expect((await following.view).status).toBe("aborted");
  expect(field.calls.at(-1)).toBe("cancel fan-1.0.0:fan@2.0.0");
  expect((await readRollout(journal)).pending).toEqual([]);
});
