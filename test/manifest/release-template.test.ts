import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { artifactsOf } from "../../src/manifest/check-artifacts.ts";
import { loadRelease } from "../../src/manifest/load-release.ts";
import { readRelease } from "../../src/manifest/read-release.ts";
import type { DeviceGate } from "../../src/manifest/release.ts";
import { productNameFrom, releaseTemplate, templateArtifacts } from "../../src/manifest/release-template.ts";
import { devicesNeededToPass } from "../../src/rollout/engine/sequential-test.ts";

describe("releaseTemplate", () => {
  it("loads as it stands, without a warning", async () => {
    const dir = await mkdtemp(join(tmpdir(), "iotctl-template-"));
    try {
      await writeFile(join(dir, "release.yaml"), releaseTemplate({ product: "desk-lamp" }));
      const { release, warnings } = await loadRelease(join(dir, "release.yaml"), {});
      expect(warnings).toEqual([]);
      expect(release.product).toBe("desk-lamp");
      expect(release.components["app-ios"]).toMatchObject({ id: "com.example.desklamp" });
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it("has a canary stage that its devices are enough to pass", () => {
    const { release } = readRelease("release.yaml", releaseTemplate({ product: "desk-lamp" }), {});
    const canary = release!.rollout.stages[0]!;
    const devices = canary.waves[0]!.devices as { readonly max: number };
    expect(devices.max).toBe(50);
    expect(canary.gates).toEqual(["canary-updated"]);
    const gate = release!.gates["canary-updated"] as DeviceGate;
    expect(devicesNeededToPass(gate.limitPercent / 100, gate.alpha)).toBeLessThanOrEqual(devices.max);
  });

  it("loads for every product and hardware it accepts, and names its artifacts", () => {
    const model = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/);
    fc.assert(
      fc.property(fc.string(), fc.uniqueArray(model, { minLength: 1, maxLength: 4 }), (text, models) => {
        const hardware = models.filter((name) => !(name in {}));
        fc.pre(hardware.length > 0);
        const options = { product: productNameFrom(text), hardware };
        const { log, release } = readRelease("release.yaml", releaseTemplate(options), {});
        expect(log.diagnostics).toEqual([]);
        const files = [...artifactsOf(release!)].map(({ file }) => file);
        expect(files.toSorted()).toEqual(templateArtifacts(options).toSorted());
      }),
      { numRuns: 50 },
    );
  });

  it("refuses a name that cannot stand in a release and says one that can", () => {
    expect(() => releaseTemplate({ product: "My Fan!" })).toThrow(
      expect.objectContaining({ code: "IOT_USAGE", hints: ["Something like my-fan would do."] }),
    );
  });
});
