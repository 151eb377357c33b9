// iotctl simulate by the command itself: on the example, and where there is nothing to simulate.
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import Simulate from "../../src/commands/simulate.ts";
import { lineUp } from "../../src/simulation/release/lineup.ts";
import type { SimulationReport } from "../../src/simulation/release/simulation-report.ts";
import { createRelation } from "../../src/compat/relation.ts";
import { fact } from "../support/facts.ts";
import { repositoryRoot } from "../support/repository.ts";
import { runCommand } from "../support/run-command.ts";
import { thrownBy } from "../support/thrown-by.ts";
import { workInTemporaryDirectory } from "../support/work-in-temporary-directory.ts";

const small = ["--sites", "3000", "--days", "60"];

function ceilingFan(): string {
  const dir = workInTemporaryDirectory();
  cpSync(join(repositoryRoot, "examples/ceiling-fan"), dir, { recursive: true });
  return dir;
}

test("the example is safe by its plan and not without", async () => {
  const dir = ceilingFan();
  const argv = ["release.yaml", "--field", "field.json", "--html", "out/report.html", ...small];
  const run = await runCommand<SimulationReport>(Simulate, argv);
  expect(run.stdout).toContain("Planned: 0 incompatible pair-hours.");
  expect(run.envelope).toMatchObject({ ok: true, exitCode: 0 });
  const { naive, notes, planned } = run.envelope.data!;
  expect(planned.pairHours.incompatible).toBe(0);
  expect(naive.pairHours.incompatible).toBeGreaterThan(0);
  expect(notes).toHaveLength(1);
  expect(readFileSync(join(dir, "out/report.html"), "utf8")).toContain("<svg ");
});

test("--json prints the envelope alone, and the same twice", async () => {
  ceilingFan();
  const argv = ["--field", "field.json", "--json", "--bake", "12h", "--deadline", "8h", ...small];
  const [once, again] = [await runCommand(Simulate, argv), await runCommand(Simulate, argv)];
  expect(JSON.parse(once.stdout)).toEqual(once.envelope);
  expect(once.stderr).toBe("");
  expect(again.stdout).toBe(once.stdout);
});

test("a rollout that is not over in time is undecided, one that a gate stops has failed", async () => {
  const dir = ceilingFan();
  const argv = ["--field", "field.json", "--sites", "3000"];
  const short = await runCommand(Simulate, [...argv, "--days", "2"]);
  expect(short.envelope.exitCode).toBe(4);
  expect(short.stdout).toContain("was not over after");
  writeFileSync(join(dir, "model.json"), '{"devices": {"failure": "90%"}}');
  const failing = await runCommand(Simulate, [...argv, "--model", "model.json"]);
  expect(failing.envelope.exitCode).toBe(5);
  expect(failing.stdout).toContain("stopped:");
});

test("without a safe order it says which pairs are in the way", async () => {
  const dir = ceilingFan();
  const manifest = readFileSync(join(dir, "release.yaml"), "utf8");
  // App and firmware that refuse each other's older versions.
  const lockstep = manifest.replaceAll('">=1.9.0 <3.0.0"', '">=2.0.0"').replaceAll('">=4.1.0"', '">=4.2.0"');
  writeFileSync(join(dir, "release.yaml"), lockstep);
  writeFileSync(join(dir, "field.json"), '{"app-ios": ["4.0.0"], "fan": ["1.8.0"]}');
  await expect(runCommand(Simulate, ["--field", "field.json"])).rejects.toMatchObject({
    code: "IOT_PLAN_BLOCKED",
    exit: 3,
    message: expect.stringContaining("app-ios@4.2.0"),
  });
  expect(existsSync(join(dir, "out"))).toBe(false);
});

test("where there is no field it asks for one", async () => {
  ceilingFan();
  await expect(runCommand(Simulate, [])).rejects.toMatchObject({
    code: "IOT_SIMULATION_FIELD_UNKNOWN",
    exit: 2,
    hints: expect.arrayContaining([expect.stringContaining("--field")]),
  });
});

test("more versions than it tells apart are refused", async () => {
  const facts = Array.from({ length: 300 }, (_, index) => fact("fan", `1.${index}.0`));
  const field = { fan: ["1.0.0"] };
  const target = { fan: "1.299.0" };
  const plan = { steps: [] } as never;
  const options = {
    relation: createRelation(facts, field),
    field,
    target,
    plan,
    kindOf: () => "firmware" as const,
  };
  expect(await thrownBy(() => lineUp(options))).toMatchObject({ code: "IOT_SIMULATION_TOO_MANY_VERSIONS" });
});
