import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  devicesNeededToPass,
  sequentialTest,
  type SequentialVerdict,
} from "../../src/rollout/engine/sequential-test.ts";

type Row = [
  limitPercent: number,
  failures: number,
  devices: number,
  above: number,
  below: number,
  ...verdicts: (SequentialVerdict | "near")[],
];
type TurningPoint = [limitPercent: number, alpha: number, firstToPass: number[], lastToFail: number[]];

const here = fileURLToPath(new URL(".", import.meta.url));
const text = readFileSync(`${here}sequential-test-table.json`, "utf8");
const table = JSON.parse(text) as { alphas: number[]; rows: Row[]; turningPoints: TurningPoint[] };

describe("the table of an independent program", () => {
  it("has the verdict of every row", () => {
    const seen = new Set<string>();
    for (const [limitPercent, failures, devices, , , ...verdicts] of table.rows) {
      // Within a billionth of the threshold the last bits of a number may decide.
      expect(verdicts).not.toContain("near");
      const found = table.alphas.map((alpha) => sequentialTest(failures, devices, limitPercent / 100, alpha));
      expect(found, `${failures} of ${devices} at ${limitPercent}%`).toEqual(verdicts);
      for (const verdict of verdicts) seen.add(verdict);
    }
    expect(table.rows.length).toBeGreaterThan(500);
    expect([...seen].toSorted()).toEqual(["fail", "hold", "pass"]);
  });

  it("has the likelihood ratio of every row, to a millionth", () => {
    let compared = 0;
    for (const [limitPercent, failures, devices, above, below] of table.rows) {
      const logRatio = Math.max(above, below);
      // The verdict turns where alpha is one over the ratio; alphas are below a half and above nothing.
      if (logRatio < 0.7 || logRatio > 700) continue;
      const at = (alpha: number) => sequentialTest(failures, devices, limitPercent / 100, alpha);
      const name = `${failures} of ${devices} at ${limitPercent}%`;
      expect(at(Math.exp(-logRatio) * (1 + 1e-6)), name).toBe(above > below ? "fail" : "pass");
      expect(at(Math.exp(-logRatio) * (1 - 1e-6)), name).toBe("hold");
      compared++;
    }
    expect(compared).toBeGreaterThan(200);
  });

  it("has the numbers of devices at which a verdict turns", () => {
    for (const [limitPercent, alpha, firstToPass, lastToFail] of table.turningPoints) {
      const limit = limitPercent / 100;
      const name = `${limitPercent}%, alpha ${alpha}`;
      for (const [failures, devices] of firstToPass.entries()) {
        expect(sequentialTest(failures, devices, limit, alpha), name).toBe("pass");
        expect(sequentialTest(failures, devices - 1, limit, alpha), name).toBe("hold");
      }
      for (const [index, devices] of lastToFail.entries()) {
        const failures = index + 1;
        if (devices > 0) expect(sequentialTest(failures, devices, limit, alpha), name).toBe("fail");
        const more = Math.max(failures, devices + 1);
        expect(sequentialTest(failures, more, limit, alpha), name).toBe("hold");
      }
      expect(devicesNeededToPass(limit, alpha), name).toBe(firstToPass[0]);
    }
    expect(table.turningPoints).toHaveLength(18);
  });

  it("is what the program prints", ({ skip }) => {
    const python = pythonOf();
    if (python === null) skip("there is no python3 here");
    else expect(execFileSync(python, [`${here}sequential-test-table.py`], { encoding: "utf8" })).toBe(text);
  });
});

function pythonOf(): string | null {
  try {
    execFileSync("python3", ["-c", ""], { stdio: "ignore" });
    return "python3";
  } catch {
    return null;
  }
}
