// Going back: planned before anything is told, refused where nobody can go.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Envelope } from "../../src/cli/envelope.ts";
import { assertWayBack } from "../../src/cli/assert-way-back.ts";
import { planRollback } from "../../src/cli/plan-rollback.ts";
import { wayBackText } from "../../src/cli/render/way-back-text.ts";
import Rollback from "../../src/commands/rollout/rollback.ts";
import { DirectoryJournals } from "../../src/rollout/journal/directory/directory-journals.ts";
import type { RolloutConfig, RolloutState } from "../../src/rollout/engine/state.ts";
import { readRollout } from "../../src/rollout/advance.ts";
import { LiveRollout } from "../../src/rollout/live-rollout.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { fanConfig, fleetOf, observed, planOf, started } from "../support/fan-rollout.ts";
import { runCommand } from "../support/run-command.ts";
import { workInTemporaryDirectory } from "../support/work-in-temporary-directory.ts";

const population = {
  devices: 4,
  versions: { fan: { "1.9.4": 2, "2.0.0": 2 }, app: { "4.1.0": 8, "4.2.0": 1 } },
};
/** The app is out to all of the first phase, and does not fit the oldest fans. */
const config = fanConfig({
  pairing: "arbitrary",
  plan: planOf("introduce app 4.2.0", "introduce fan 2.0.0"),
});
const moved = (from: string): Partial<RolloutState> => ({
  phaseIndex: 1,
  waveEntered: true,
  pending: [],
  exposed: { "app@4.2.0": 100 },
  population,
  devices: fleetOf("fan", 2, { from }),
});
const state = (from: string): RolloutState => ({ ...started(config), ...moved(from) });

describe("what going back comes to", () => {
  test("names who goes, who stays and why, and what is not taken back", () => {
    const both = { ...fleetOf("new", 2), ...fleetOf("old", 1, { from: "1.8.0" }) };
    const view = planRollback({ ...state("1.9.4"), devices: both });
    expect(view).toMatchObject({
      goes: [{ component: "fan", from: ["2.0.0"], to: "1.9.4", devices: 2 }],
      stays: [{ to: "1.8.0", devices: 1, pairs: [{ a: "fan@1.8.0", b: "app@4.2.0" }] }],
      remains: [{ component: "app", version: "4.2.0" }],
    });
    expect(wayBackText(view).split("\n")).toEqual([
      "GOES BACK  FROM   TO     DEVICES",
      "fan        2.0.0  1.9.4        2",
      "Stays: fan 2.0.0 on 1 device that ran 1.8.0; app@4.2.0 is in use and does not fit fan@1.8.0",
      "    Roll forward: release fan 2.0.1 that mends 2.0.0",
      "    Release app 4.2.1 that accepts fan 1.8.0 as well as 2.0.0",
      "    Stop here and leave all as it is: iotctl rollout abort fan-1 --env test",
      "Not taken back: app@4.2.0; stores stop offering apps.",
    ]);
  });

  test("is refused where nobody was moved, with what stops the rollout", () => {
    expect(() => planRollback(started(config))).toThrow(
      expect.objectContaining({
        code: "IOT_ROLLBACK_BLOCKED",
        exit: 3,
        hints: ["Stop it, apps included: iotctl rollout abort fan-1 --env test"],
      }),
    );
    const stopped = () => planRollback({ ...started(config), status: "aborted" });
    expect(stopped).toThrow(expect.objectContaining({ hints: [expect.stringContaining("rollout status")] }));
    const view = planRollback({
      ...started(config),
      status: "rolled-back",
      wayBack: { open: {}, closed: [] },
    });
    expect(wayBackText(view)).toContain("No device was updated, so none goes back.");
  });

  test("is refused where nobody can go, with the pairs and what to do instead", () => {
    const thrown = () => planRollback(state("1.8.0"));
    expect(thrown).toThrow(/to fan 1\.8\.0: app@4\.2\.0 is in use and does not fit fan@1\.8\.0/);
    expect(thrown).toThrow(
      expect.objectContaining({
        code: "IOT_ROLLBACK_BLOCKED",
        exit: 3,
        hints: expect.arrayContaining(["Roll forward: release fan 2.0.1 that mends 2.0.0"]),
        details: { closed: [expect.objectContaining({ component: "fan", version: "1.8.0" })] },
      }),
    );
  });

  test("is not planned anew, nor refused, once it is under way", () => {
    const wayBack = { open: { fan: ["1.8.0"] }, closed: [] };
    const view = planRollback({ ...state("1.8.0"), status: "rolling-back", wayBack });
    expect(view.goes).toMatchObject([{ to: "1.8.0" }]);
  });

  test("shows a person no more than can be read", () => {
    const closed = Array.from({ length: 12 }, (_, at) => {
      return { component: "fan", version: `1.0.${at}`, pairs: [], why: "", instead: [`do ${at}`] };
    });
    const blocked = () => assertWayBack("fan-1", { open: {}, closed });
    expect(blocked).toThrow(/and 2 more versions/);
    expect(blocked).toThrow(expect.objectContaining({ hints: ["do 0", "do 1", "do 2", "do 3", "do 4"] }));
  });
});

/** A rollout in the journals of this directory in which one device was updated from a version. */
async function rolloutFrom(dir: string, from: string): Promise<() => string> {
  const journals = new DirectoryJournals(join(dir, ".iotctl/rollouts"), new VirtualClock());
  const begun: RolloutConfig = { ...config, plan: planOf("introduce fan 2.0.0"), rulesVersion: 3 };
  const journal = await journals.create("fan-1", {
    at: 0,
    event: { type: "started", config: begun },
    effects: [],
  });
  const live = new LiveRollout(journal);
  await live.catchUp();
  const beta = { ...population, versions: { ...population.versions, app: { "4.2.0": 1 } } };
  await live.take(observed({ population: beta }), 1);
  await live.take(observed({ population: beta, progress: fleetOf("fan", 1, { from }) }), 2);
  expect((await readRollout(journal)).devices).toHaveProperty("fan-0");
  return () => readFileSync(join(dir, ".iotctl/rollouts/fan-1/journal.ndjson"), "utf8");
}

describe("iotctl rollout rollback", () => {
  test("that is refused has written nothing", async () => {
    const dir = workInTemporaryDirectory();
    const journal = await rolloutFrom(dir, "1.8.0");
    const before = journal();
    for (const more of [[], ["--dry-run"]]) {
      await expect(runCommand(Rollback, more)).rejects.toMatchObject({
        code: "IOT_ROLLBACK_BLOCKED",
        exit: 3,
      });
    }
    expect(journal()).toBe(before);
  });

  test("--dry-run shows it and does nothing", async () => {
    const dir = workInTemporaryDirectory();
    const journal = await rolloutFrom(dir, "1.9.4");
    const before = journal();
    const run = await runCommand<{ goingBack: unknown; status: string }>(Rollback, ["--dry-run"]);
    expect(run.stdout).toContain("fan        2.0.0  1.9.4        1");
    expect(run.envelope.data).toMatchObject({ dryRun: true, goingBack: { goes: [{ to: "1.9.4" }] } });
    const json = await runCommand(Rollback, ["--dry-run", "--json"]);
    expect(json.stderr).toBe("");
    expect((JSON.parse(json.stdout) as Envelope<unknown>).data).toEqual(run.envelope.data);
    expect(journal()).toBe(before);
  });

  test("writes it down once it is planned, and says what goes back before", async () => {
    const dir = workInTemporaryDirectory();
    const journal = await rolloutFrom(dir, "1.9.4");
    // Nothing can be reached from here: the word is written, and takes effect later.
    const told = runCommand(Rollback, ["--reason", "noisy"]);
    await expect(told).rejects.toMatchObject({
      hints: expect.arrayContaining([expect.stringContaining("takes effect with the next turn")]),
    });
    expect(journal().trim().split("\n").at(-1)).toContain('"type":"rollback-requested"');
  });
});
