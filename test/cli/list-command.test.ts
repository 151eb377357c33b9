import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import List from "../../src/commands/rollout/list.ts";
import type { RolloutRow } from "../../src/cli/render/rollout-table.ts";
import { DirectoryJournals } from "../../src/rollout/journal/directory/directory-journals.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { fanConfig } from "../support/fan-rollout.ts";
import { runCommand } from "../support/run-command.ts";
import { workInTemporaryDirectory } from "../support/work-in-temporary-directory.ts";

it("rollout list shows a rollout that cannot be read beside the others, and ends with its error", async () => {
  const dir = join(workInTemporaryDirectory(), ".iotctl/rollouts");
  const journals = new DirectoryJournals(dir, new VirtualClock());
  for (const atMs of [1, 2, 3]) await startRollout(journals, fanConfig(), atMs);
  const file = join(dir, "fan-1.0.0", "journal.ndjson");
  writeFileSync(file, readFileSync(file, "utf8").replace("sha256:manifest", "sha256:another"));

  const asJson = await runCommand<readonly RolloutRow[]>(List, ["--json"]);
  expect(asJson.envelope).toMatchObject({ ok: false, exitCode: 6 });
  expect(asJson.envelope.data).toMatchObject([
    { rolloutId: "fan-1.0.0-2", status: "running" },
    { rolloutId: "fan-1.0.0-3", status: "running" },
    { rolloutId: "fan-1.0.0", status: "unreadable", error: { code: "IOT_JOURNAL_DAMAGED" } },
  ]);
  const { stderr, stdout } = await runCommand(List, []);
  expect(stdout).toMatch(/^fan-1\.0\.0 +unreadable +-/m);
  expect(stderr).toContain("fan-1.0.0 cannot be read: IOT_JOURNAL_DAMAGED");
});
