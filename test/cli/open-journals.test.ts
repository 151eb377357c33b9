import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openContext } from "../../src/cli/context.ts";
import type { JournalEntry } from "../../src/rollout/journal/journal.ts";
import { startedFleet } from "../support/started-fleet.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const entry: JournalEntry = { at: 0, event: { type: "paused", by: "ann", reason: "" }, effects: [] };

it("finds the journals where the environment says", async () => {
  const { dir: fleetDir } = await startedFleet();
  const cwd = temporaryDirectory();
  const contextWith = (rollouts: string) => {
    writeFileSync(
      join(cwd, "iotctl.yaml"),
      `apiVersion: iotctl.dev/v1\nkind: Environments\nenvironments:\n  local:\n    fleet: { backend: embedded, directory: ${fleetDir} }\n    rollouts: ${rollouts}\n`,
    );
    return openContext({ envName: "local", cwd, env: {} });
  };
  for (const [rollouts, id] of [
    ["here", "in-directory"],
    ["{ server: true }", "at-server"],
  ] as const) {
    await (await (await contextWith(rollouts)).journals()).create(id, entry);
    expect(await (await (await contextWith(rollouts)).journals()).list()).toEqual([id]);
  }
  const { S3Journals } = await import("../../src/rollout/journal/s3/s3-journals.ts");
  const inBucket = await contextWith("{ s3: { bucket: fan-journals } }");
  expect(await inBucket.journals()).toBeInstanceOf(S3Journals);
});
