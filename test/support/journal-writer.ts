import { setTimeout } from "node:timers/promises";
import { systemClock } from "../../src/base/clock.ts";
import { DirectoryJournals } from "../../src/rollout/journal/directory-journals.ts";

/** A process of its own that appends `count` records, each in a turn of its own that takes `holdMs`. */
const [dir = "", rolloutId = "", by = "", count = "0", holdMs = "0"] = process.argv.slice(2);
const journal = new DirectoryJournals(dir, systemClock).open(rolloutId);
for (let index = 0; index < Number(count); index++) {
  await journal.exclusively(async (records, append) => {
    process.stdout.write("in\n");
    await setTimeout(Number(holdMs));
    append([{ at: records.length, event: { type: "paused", by, reason: `${records.length}` }, effects: [] }]);
  });
}
