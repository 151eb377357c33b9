import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adaptRelease } from "../../../src/simulation/release/adapt-release.ts";
import { readModel } from "../../../src/simulation/release/read-model.ts";
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
  [{ users: { automatic: "90%", never: "20%" } }, "more than all"],
  [{ devices: { awayMedian: "30d", awayNinth: "2d" } }, "not longer than"],
  ["[", "not JSON"],
  [[], "not a mapping"],
])("%j is refused", (value, why) => {
  expect(() => read(value)).toThrowError(
    expect.objectContaining({ code: "IOT_SIMULATION_MODEL_INVALID", message: expect.stringContaining(why) }),
  );
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
