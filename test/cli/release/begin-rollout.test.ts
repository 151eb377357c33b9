import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../../src/cli/context.ts";
import { beginRollout } from "../../../src/cli/release/begin-rollout.ts";
import { planRelease } from "../../../src/cli/release/plan-release.ts";
import { resolveRelease } from "../../../src/bundle/resolve-release.ts";
import { openStoredRelease } from "../../../src/bundle/open-stored-release.ts";
import { digestBytes } from "../../../src/bundle/digest-file.ts";
import type { FirmwareComponent, Release } from "../../../src/manifest/release.ts";
import { readRollout } from "../../../src/rollout/advance.ts";
import type { RolloutConfig } from "../../../src/rollout/engine/state.ts";
import { fanRelease } from "../../support/fan-release.ts";
import { deviceOn, planningContext, publishIn, type TestField } from "../../support/planning-context.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let dir: string;
let field: TestField;
let context: Context;
beforeEach(async () => {
  dir = temporaryDirectory();
  field = { devices: [], installed: { "app-android": { "4.1.0": 10 } } };
  context = await planningContext(dir, field);
});

function withFan(release: string, fan: Omit<FirmwareComponent, "kind" | "variants" | "requires">): Release {
  const base = fanRelease(release);
  const variants = { "fan-a1": "build/fan-a1.bin" };
  const { cloud: _, ...components } = base.components;
  return {
    ...base,
    known: {},
    components: { ...components, fan: { kind: "firmware", variants, requires: {}, ...fan } },
  };
}

async function begin(release: Release): Promise<RolloutConfig> {
  const { look, plan } = await planRelease(release, context, { nowMs: 0 });
  await publishIn(dir, context, release);
  const { resolved } = await resolveRelease(release, dir);
  const journal = await beginRollout({ context, release, dir, plan, look, resolved, atMs: 0 });
  return (await readRollout(journal)).config;
}

describe("a rollout that begins", () => {
  test("takes along the published versions that it can meet, with the proof of each, and no others", async () => {
    await publishIn(dir, context, fanRelease("2026.10.0"));
    await publishIn(dir, context, withFan("2026.10.1", { version: "2.1.0", installsOver: "<2.1.0" }));
    await publishIn(dir, context, withFan("2026.10.2", { version: "0.5.0", installsOver: "<0.5.0" }));
    field.devices = [
      deviceOn("1.8.0"),
      { ...deviceOn("2.0.0", "fan-b2"), pairedApps: [{ component: "app-android", version: "4.2.0" }] },
    ];
    const next = withFan("2026.11.0", { version: "2.2.0", installsOver: ">=2.1.0 <2.2.0" });
    const { "app-android": app, ...rest } = next.components;
    if (app?.kind !== "app") throw new Error("the fan has an app");
    const release = { ...next, components: { ...rest, "app-android": { ...app, version: "4.3.0" } } };
    const { hops, plan } = await begin(release);
    const introduced = plan.steps.filter(({ action }) => action === "introduce");
    expect(introduced.map(({ component, version }) => `${component}@${version}`)).toContain("fan@2.1.0");
    expect(Object.keys(hops?.["fan"] ?? {}).toSorted()).toEqual(["1.8.0", "2.0.0", "2.1.0"]);
    expect(Object.keys(hops?.["app-android"] ?? {}).toSorted()).toEqual(["4.1.0", "4.2.0"]);
    const [store, trustedKeys] = [await context.store(), await context.trustedKeys()];
    const options = { store, product: "ceiling-fan", trustedKeys };
    const opened = await openStoredRelease({ ...options, version: "2026.10.1" });
    expect(hops?.["fan"]?.["2.1.0"]).toEqual({
      resolved: opened?.resolved.components["fan"],
      attestationDigest: digestBytes(opened?.signature ?? "").digest,
    });
  });

  test("has no word about hops where it needs none", async () => {
    field.devices = [deviceOn("1.9.4")];
    expect(await begin(fanRelease())).not.toHaveProperty("hops");
  });
});
