import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adaptRelease } from "../../../src/simulation/release/adapt-release.ts";
import { countLooks } from "../../../src/simulation/release/count-looks.ts";
import { readModel } from "../../../src/simulation/release/read-model.ts";
import { drawField, SimulatedRun } from "../../../src/simulation/release/simulate-release.ts";
import { defaultModel } from "../../../src/simulation/release/simulation-model.ts";
import { fan, requestOf } from "./release-scenario.ts";

const dir = mkdtempSync(join(tmpdir(), "iotctl-model-"));

function read(value: unknown): ReturnType<typeof readModel> {
  const path = join(dir, "model.json");
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return readModel(path);
}

test("a model file changes what it names", () => {
  const model = read({ users: { never: "3%" }, devices: { awayMedian: "6d12h" }, controlInterval: "30m" });
  expect(model).toEqual({
    ...defaultModel,
    users: { ...defaultModel.users, neverPercent: 3 },
    devices: { ...defaultModel.devices, awayMedianS: 6.5 * 86_400 },
    controlIntervalS: 1800,
  });
});

test.each([
  [{ users: { nevr: "3%" } }, "did you mean users.never?"],
  [{ users: { never: 3 } }, 'users.never is 3, not a share such as "8%"'],
  [{ devices: { pollInterval: "1" } }, "not a duration"],
  [{ devices: { pollInterval: "366d" } }, "from a second to a year"],
  [{ users: { visitMean: "999999999999d" } }, "from a second to a year"],
  [{ controlInterval: "500ms" }, "from a second to a year"],
  [{ devices: { install: "25000d" } }, "from a second to a year"],
  [{ users: { automatic: "90%", never: "20%" } }, "more than all"],
  [{ devices: { awayMedian: "30d", awayNinth: "2d" } }, "not longer than"],
  ["[", "not JSON"],
  [[], "not a mapping"],
])("%j is refused", (value, why) => {
  expect(() => read(value)).toThrowError(
    expect.objectContaining({ code: "IOT_SIMULATION_MODEL_INVALID", message: expect.stringContaining(why) }),
  );
});

test("instants stay in order with the longest times that a model may hold", () => {
  const seconds = (values: object): object =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        key.endsWith("MedianS") ? 364 * 86_400 : key.endsWith("S") ? 365 * 86_400 : value,
      ]),
    );
  const { devices, people, users } = defaultModel;
  const model = {
    users: seconds(users),
    devices: { ...seconds(devices), silentPercent: 50 },
    people: seconds(people),
    controlIntervalS: 365 * 86_400,
  } as typeof defaultModel;
  const request = requestOf(fan, { model, daysMax: 3650, sites: 2000 });
  const gates = Object.entries(request.release.gates).map(([name, gate]) => [
    name,
    { ...gate, deadlineMs: 40_000 * 86_400_000, limitPercent: 100 },
  ]);
  const release = { ...request.release, gates: Object.fromEntries(gates) };
  const run = new SimulatedRun({ ...request, release }, drawField(request), "naive");
  while (!run.isDone) {
    run.step();
    const { devices: fleet, users: phones } = run.world;
    expect(fleet.atS.every((atS) => atS >= run.world.nowS)).toBe(true);
    expect(phones.atS.every((atS) => atS >= run.world.nowS)).toBe(true);
  }
  expect(run.world.devices.counts.some(({ unheard }) => unheard > 0)).toBe(true);
  // So long a deadline has not passed for anybody.
  expect(run.world.devices.counts.every(({ silent }) => silent === 0)).toBe(true);
});

test("more looks than a simulation makes are refused", () => {
  expect(countLooks(3650, 3600)).toBe(87_600);
  expect(() => countLooks(180, 1)).toThrowError(
    expect.objectContaining({
      code: "IOT_SIMULATION_TOO_MANY_LOOKS",
      exit: 2,
      hints: [expect.stringContaining("--days 1"), expect.stringContaining('"3m"')],
    }),
  );
  expect(countLooks(1, 1)).toBe(86_400);
  expect(countLooks(180, 180)).toBe(86_400);
});

test("every default is in the documentation under its name", () => {
  const page = readFileSync(new URL("../../../docs/simulate.md", import.meta.url), "utf8");
  const names = Object.entries(defaultModel).flatMap(([group, values]) =>
    typeof values === "number" ? [group] : Object.keys(values).map((key) => `${group}.${key}`),
  );
  for (const name of names) expect(page).toContain(`\`${name.replace(/Percent$|S$/, "")}\``);
});

test("a deadline of a rehearsal is made longer, and said", () => {
  const { release } = requestOf(fan);
  const gates = {
    heartbeat: { measure: "silent-after-update", limitPercent: 2, alpha: 0.05, deadlineMs: 60_000 },
  } as const;
  const adapted = adaptRelease({ ...release, gates }, { bakeMs: 1000 }, defaultModel);
  expect(adapted.release.gates["heartbeat"]?.deadlineMs).toBe(6 * 3_600_000);
  expect(adapted.release.rollout.stages.map(({ bakeMs }) => bakeMs)).toEqual([1000, 1000]);
  expect(adapted.notes).toHaveLength(2);
  expect(adaptRelease(release, {}, defaultModel)).toEqual({ release, notes: [] });
  const asked = adaptRelease({ ...release, gates }, { deadlineMs: 5000 }, defaultModel);
  expect(asked.release.gates["heartbeat"]?.deadlineMs).toBe(5000);
});

test("a gate that asks metrics holds nobody up where there are none, and that is said", () => {
  const { release } = requestOf(fan);
  const errors = {
    measure: "metric",
    query: "errors",
    component: null,
    bound: { kind: "max", value: 1 },
    everyMs: 60_000,
    readings: 3,
    deadlineMs: 60_000,
    noData: "fail",
  } as const;
  const adapted = adaptRelease({ ...release, gates: { errors } }, {}, defaultModel);
  expect(adapted.release.gates["errors"]).toEqual({ ...errors, dryRun: true });
  expect(adapted.notes).toEqual(["No metrics are simulated, so errors holds nobody up."]);
});
