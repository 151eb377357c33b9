import { setTimeout } from "node:timers/promises";
import { systemClock } from "../../src/base/clock.ts";
import { chainRecord } from "../../src/rollout/journal/chain.ts";
import { DirectoryJournals } from "../../src/rollout/journal/directory/directory-journals.ts";

/** A process of its own that has its turn for `turnMs`, if that is not 0, and then appends `count` records. */
const [dir = "", rolloutId = "", by = "", count = "0", turnMs = "0"] = process.argv.slice(2);
const journal = new DirectoryJournals(dir, systemClock).open(rolloutId);
let last = (await journal.read()).at(-1);
const begun = (): boolean => process.stdout.write("in\n");
if (turnMs === "0") begun();
else {
  await journal.turn(async () => {
    begun();
    await setTimeout(Number(turnMs));
  });
}
for (let index = 0; index < Number(count);) {
  const record = chainRecord(last, { at: 0, event: { type: "paused", by, reason: `${index}` }, effects: [] });
  const isIn = await journal.append(record);
  if (isIn) index += 1;
  last = isIn ? record : (await journal.read(last)).at(-1);
}
