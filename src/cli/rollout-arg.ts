import * as Args from "@oclif/core/args";
import { IotctlError } from "../base/errors.ts";
import type { RolloutJournal, RolloutJournals } from "../rollout/journal/journal.ts";

/** The rollout a command is about; the newest when none is named. */
export const rolloutArg = Args.string({
  name: "rollout",
  description: "The rollout; the newest when none is named.",
  ignoreStdin: true,
});

/** Opens a rollout to move it or tell it something: not one that a later rollout has taken over from, unless it is `finishing` alone. */
export async function openCurrentRollout(
  journals: RolloutJournals,
  rolloutId: string | undefined,
  finishing = false,
): Promise<RolloutJournal> {
  const { assertNotSuperseded } = await import("../rollout/open-rollout.ts");
  const journal = await openRollout(journals, rolloutId);
  await assertNotSuperseded(journals, journal, finishing);
  return journal;
}

/** Opens the rollout that was named, or the newest there is. */
export async function openRollout(
  journals: RolloutJournals,
  rolloutId: string | undefined,
): Promise<RolloutJournal> {
  const chosen = rolloutId ?? (await journals.list()).at(-1);
  if (chosen !== undefined) return journals.open(chosen);
  throw new IotctlError("IOT_ROLLOUT_UNKNOWN", "No rollout has been started in this environment.", {
    hints: ["Start one: iotctl release"],
  });
}
