import { DatabaseSync } from "node:sqlite";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { recordIn } from "../../src/rollout/journal/chain.ts";
import { DirectoryJournals } from "../../src/rollout/journal/directory/directory-journals.ts";
import { ServerJournals } from "../../src/rollout/journal/server/server-journals.ts";
import { startFleetServer } from "../../src/server/fleet-server.ts";
import { rolloutJournalContract } from "../contract/rollout-journal.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { MemoryJournals } from "../support/memory-journal.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

rolloutJournalContract(
  "MemoryJournals",
  () => {
    const journals = new MemoryJournals();
    return { connect: () => journals, tamper: null, runOut: null };
  },
  { noticesLostEnd: false },
);

rolloutJournalContract(
  "DirectoryJournals",
  () => {
    const dir = join(temporaryDirectory(), "rollouts");
    return {
      connect: () => new DirectoryJournals(dir, new ImpatientClock()),
      tamper(rolloutId, change) {
        const file = join(dir, rolloutId, "journal.ndjson");
        const texts = readFileSync(file, "utf8").trimEnd().split("\n");
        writeFileSync(
          file,
          change(texts)
            .map((text) => `${text}\n`)
            .join(""),
        );
      },
      runOut: null,
    };
  },
  { noticesLostEnd: true },
);

rolloutJournalContract(
  "ServerJournals",
  async () => {
    const dir = temporaryDirectory();
    const serverClock = new VirtualClock(1_700_000_000_000);
    const server = await startFleetServer({ dir, pollIntervalMs: 1000, clock: serverClock });
    onTestFinished(() => server.close());
    const clock = new ImpatientClock();
    return {
      connect: () => new ServerJournals({ url: server.url, token: server.controlToken, clock }),
      tamper: (rolloutId, change) => changeRecords(join(dir, "fleet.db"), rolloutId, change),
      async runOut() {
        clock.leap(60_000);
        await serverClock.advance(60_000);
      },
    };
  },
  { noticesLostEnd: true },
);

function changeRecords(
  file: string,
  rolloutId: string,
  change: (texts: readonly string[]) => readonly string[],
): void {
  const database = new DatabaseSync(file);
  const row = Number(database.prepare("SELECT row FROM rollout WHERE id = ?").get(rolloutId)?.["row"]);
  const texts = database
    .prepare("SELECT content FROM rollout_record WHERE rollout_row = ? ORDER BY seq")
    .all(row)
    .map(({ content }) => String(content));
  database.prepare("DELETE FROM rollout_record WHERE rollout_row = ?").run(row);
  const insert = database.prepare("INSERT INTO rollout_record VALUES (?, ?, ?, ?)");
  for (const [index, text] of change(texts).entries()) {
    insert.run(row, index + 1, recordIn(text)?.hash ?? "", text);
  }
  database.close();
}
