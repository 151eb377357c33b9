import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lookAtField } from "../../../src/cli/release/look-at-field.ts";
import type { Release } from "../../../src/manifest/release.ts";
import { fanRelease } from "../../support/fan-release.ts";
import {
  deviceOn,
  offlineContext,
  planningContext,
  publishIn,
  type TestField,
} from "../../support/planning-context.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const nowMs = 0;

/** The release after `fanRelease`: one hardware model fewer, and nothing known of what was before. */
function nextRelease(known: Release["known"] = {}): Release {
  const release = fanRelease("2026.12.0");
  return {
    ...release,
    known,
    components: {
      ...release.components,
      fan: {
        kind: "firmware",
        version: "2.1.0",
        variants: { "fan-a1": "build/fan-a1.bin" },
        requires: { "app-android": ">=4.1.0" },
      },
    },
  };
}

const field = (): TestField => ({
  devices: [deviceOn("2.0.0"), deviceOn("1.9.4", "fan-b2"), deviceOn("0.1.0", "lamp-a")],
  installed: { "app-android": { "4.1.0": 10 } },
});

describe("a look at the field", () => {
  test("knows the pins and images of what was published before", async () => {
    const dir = temporaryDirectory();
    const context = await planningContext(dir, field());
    await publishIn(dir, context, fanRelease());
    const look = await lookAtField(nextRelease(), context, { nowMs });
    expect(look).toMatchObject({
      source: "observed",
      live: { "app-android": ["4.1.0"], fan: ["1.9.4", "2.0.0"], cloud: [] },
      warnings: [],
    });
    expect(look.relation.facts("fan", "2.0.0")).toMatchObject({
      installable: true,
      hardware: ["fan-a1", "fan-b2"],
      requires: { "app-android": ">=4.1.0" },
    });
    expect([...(look.hops.get("fan")?.keys() ?? [])].toSorted()).toEqual(["1.8.0", "1.9.4", "2.0.0"]);
    expect(look.hops.get("app-android")?.has("4.2.0")).toBe(false);
    expect(Object.keys(look.releases)).toEqual(["2026.11.0"]);
  });

  test("counts devices whose hardware only an older version has an image for, and says what that is", async () => {
    const dir = temporaryDirectory();
    const context = await planningContext(dir, field());
    const before = await lookAtField(nextRelease(), context, { nowMs });
    expect(before.live["fan"]).toEqual(["2.0.0"]);
    await publishIn(dir, context, fanRelease());
    const { hardware } = await lookAtField(nextRelease(), context, { nowMs });
    expect(hardware).toEqual({ fan: { "1.9.4": ["fan-b2"], "2.0.0": ["fan-a1"] } });
  });

  test("lets the manifest count, and says where it contradicts what was published", async () => {
    const dir = temporaryDirectory();
    const context = await planningContext(dir, field());
    await publishIn(dir, context, fanRelease());
    const known = {
      fan: {
        "2.0.0": { requires: { cloud: ">=9.0.0" } },
        "1.9.4": { requires: {}, variants: { "fan-a1": "old/fan.bin" } },
        "1.8.0": { requires: {} },
      },
    };
    const look = await lookAtField(nextRelease(known), context, { nowMs });
    expect(look.relation.facts("fan", "2.0.0")?.requires).toEqual({ cloud: ">=9.0.0" });
    // Its images are those that were published; those of 1.9.4 come with the release itself.
    expect(look.relation.facts("fan", "2.0.0")).toMatchObject({
      installable: true,
      installsOver: ">=1.8.0 <2.0.0",
    });
    expect(look.hops.get("fan")?.get("2.0.0")?.resolved.requires).toEqual({ cloud: ">=9.0.0" });
    expect(look.hops.get("fan")?.has("1.9.4")).toBe(false);
    expect(look.relation.facts("fan", "1.9.4")).not.toHaveProperty("installsOver");
    expect(look.warnings.toSorted()).toEqual([
      "The manifest says something else of fan@1.9.4 than release 2026.11.0, which was published; the manifest counts.",
      "The manifest says something else of fan@2.0.0 than release 2026.11.0, which was published; the manifest counts.",
    ]);
  });

  test("loses nothing that was published of a version that the manifest only mentions or calls stuck", async () => {
    const dir = temporaryDirectory();
    const context = await planningContext(dir, field());
    await publishIn(dir, context, fanRelease());
    const known = { fan: { "2.0.0": { requires: {}, stuck: "no room" }, "1.9.4": { requires: {} } } };
    const look = await lookAtField(nextRelease(known), context, { nowMs });
    expect(look.relation.facts("fan", "2.0.0")).toMatchObject({
      stuck: "no room",
      installable: true,
      requires: { "app-android": ">=4.1.0" },
    });
    expect(look.relation.facts("fan", "1.9.4")).toMatchObject({ installsOver: ">=1.8.0 <1.9.4" });
    expect(look.warnings).toEqual([]);
  });

  test("keeps the security counter that was published, and warns where the manifest says another", async () => {
    const dir = temporaryDirectory();
    const context = await planningContext(dir, field());
    const { components, ...rest } = fanRelease();
    const { fan } = components;
    if (fan?.kind !== "firmware") throw new Error("the fan is firmware");
    const counted = { ...components, fan: { ...fan, securityCounter: 3 } };
    await publishIn(dir, context, { ...rest, components: counted });
    const mentioned = { fan: { "2.0.0": { requires: {} } } };
    const look = await lookAtField(nextRelease(mentioned), context, { nowMs });
    expect(look.relation.facts("fan", "2.0.0")).toMatchObject({ securityCounter: 3 });
    expect(look.warnings).toEqual([]);
    const other = { fan: { "2.0.0": { requires: {}, securityCounter: 2 } } };
    const changed = await lookAtField(nextRelease(other), context, { nowMs });
    expect(changed.warnings).toEqual([expect.stringContaining("something else of fan@2.0.0")]);
  });

  test("does not take what was pushed of the release itself for something that was before", async () => {
    const dir = temporaryDirectory();
    const context = await planningContext(dir, field());
    const before = await lookAtField(fanRelease(), context, { nowMs });
    await publishIn(dir, context, fanRelease());
    const after = await lookAtField(fanRelease(), context, { nowMs });
    expect(after.indexDigest).toBe(before.indexDigest);
    expect(after.hops.size).toBe(0);
  });

  test("leaves aside components that the release no longer has, or has as something else", async () => {
    const dir = temporaryDirectory();
    const context = await planningContext(dir, field());
    await publishIn(dir, context, fanRelease());
    const { "app-android": _, ...components } = nextRelease().components;
    const changed: Release = {
      ...nextRelease(),
      components: { ...components, fan: { kind: "service", version: "3.0.0", requires: {} } },
    };
    const look = await lookAtField(changed, context, { nowMs });
    expect(look.facts.map(({ component, version }) => `${component}@${version}`)).toEqual([
      "fan@3.0.0",
      "cloud@5.2.0",
    ]);
  });

  test("warns of a published release that cannot be proved", async () => {
    const dir = temporaryDirectory();
    const context = await planningContext(dir, field());
    await publishIn(dir, context, fanRelease());
    const look = await lookAtField(nextRelease(), { ...context, trustedKeys: async () => [] }, { nowMs });
    expect(look.warnings).toEqual([
      expect.stringContaining("Release 2026.11.0 in the storage does not count"),
      expect.stringContaining("What was left out is lost"),
    ]);
    expect(look.relation.facts("fan", "2.0.0")).toBeNull();
    // Nobody has ever coupled the two; the release that does not count may have.
    const [fan, cloud] = [
      { component: "fan", version: "2.0.0" },
      { component: "cloud", version: "5.2.0" },
    ];
    expect(look.relation.verdict(fan, cloud).kind).toBe("unknown");
  });

  test("touches nothing: where nothing was published not even a key is made", async () => {
    const dir = temporaryDirectory();
    await lookAtField(fanRelease(), await planningContext(dir, field()), { nowMs });
    expect(existsSync(join(dir, ".iotctl"))).toBe(false);
  });
});

describe("a field from a file", () => {
  const fileIn = (dir: string, value: unknown): string => {
    writeFileSync(join(dir, "field.json"), JSON.stringify(value));
    return join(dir, "field.json");
  };

  test("is taken as it is, and nobody but the storage is asked", async () => {
    const dir = temporaryDirectory();
    await publishIn(dir, await planningContext(dir, field()), fanRelease());
    const fan = { "2.0.0": { share: 0.7, hardware: ["fan-a1"] }, "1.9.4": "30%" };
    const fieldFile = fileIn(dir, { "app-android": ["4.1.0"], cloud: ["5.1.0"], fan });
    const look = await lookAtField(nextRelease(), await offlineContext(dir), { nowMs, fieldFile });
    expect(look).toMatchObject({
      source: "given",
      live: { "app-android": ["4.1.0"], fan: ["1.9.4", "2.0.0"], cloud: ["5.1.0"] },
      hardware: { fan: { "2.0.0": ["fan-a1"] } },
      devices: [],
      shares: { fan: { "1.9.4": 0.3, "2.0.0": 0.7 } },
      warnings: [],
    });
    expect(look.relation.facts("fan", "2.0.0")).not.toBeNull();
  });

  test("says which components it takes for unused, and knows no hardware by itself", async () => {
    const dir = temporaryDirectory();
    const fieldFile = fileIn(dir, { "app-android": ["4.1.0"], fan: ["1.9.4"] });
    const look = await lookAtField(fanRelease(), await offlineContext(dir), { nowMs, fieldFile });
    expect(look).not.toHaveProperty("hardware");
    expect(look.warnings).toEqual([
      `${fieldFile} has no version of cloud in use; nobody is taken to use it.`,
    ]);
  });

  test("with a mistake in it is refused before anything is read", async () => {
    const dir = temporaryDirectory();
    const fieldFile = fileIn(dir, { fna: ["1.9.4"] });
    const context = { ...(await offlineContext(dir)), store: () => Promise.reject(new Error("was asked")) };
    const error = await thrownBy(() => lookAtField(fanRelease(), context, { nowMs, fieldFile }));
    expect(error.code).toBe("IOT_FIELD_INVALID");
  });
});
