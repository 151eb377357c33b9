import { describe, expect, it } from "vitest";
import { tell } from "../../src/rollout/advance.ts";
import { assertNotSuperseded, assertReleasable, findOpenRollout } from "../../src/rollout/open-rollout.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { fanConfig } from "../support/fan-rollout.ts";
import { MemoryJournals } from "../support/memory-journal.ts";
import { thrownBy } from "../support/thrown-by.ts";

const by = { by: "ann", reason: "" };

async function begin(journals: MemoryJournals, version: string, product = "fan"): Promise<void> {
  const config = fanConfig();
  await startRollout(journals, { ...config, resolved: { ...config.resolved, product, version } }, 0);
}

describe("findOpenRollout", () => {
  it("finds the rollout of a release that is under way, and none of other products", async () => {
    const journals = new MemoryJournals();
    expect(await findOpenRollout(journals, { product: "fan", version: "1.0.0" })).toBeNull();
    await begin(journals, "9.0.0", "other");
    expect(await findOpenRollout(journals, { product: "fan", version: "1.0.0" })).toBeNull();
    await begin(journals, "1.0.0");
    const found = await findOpenRollout(journals, { product: "fan", version: "1.0.0" });
    expect(found?.journal.rolloutId).toBe("fan-1.0.0");
  });

  it("refuses another release beside it until it is ended", async () => {
    const journals = new MemoryJournals();
    await begin(journals, "1.0.0");
    const next = { product: "fan", version: "1.1.0" };
    const error = await thrownBy(() => findOpenRollout(journals, next));
    expect(error).toMatchObject({ code: "IOT_ROLLOUT_IN_PROGRESS", details: { rolloutId: "fan-1.0.0" } });
    await tell(journals.open("fan-1.0.0"), { type: "aborted", ...by }, 1);
    expect(await findOpenRollout(journals, next)).toBeNull();
  });
});

describe("assertReleasable", () => {
  it("does not repeat by accident what was stopped", async () => {
    const journals = new MemoryJournals();
    const release = { product: "fan", version: "1.0.0" };
    await assertReleasable(journals, release);
    await begin(journals, "1.0.0");
    await tell(journals.open("fan-1.0.0"), { type: "aborted", ...by }, 1);
    expect((await thrownBy(() => assertReleasable(journals, release))).code).toBe(
      "IOT_RELEASE_STOPPED_BEFORE",
    );
    await assertReleasable(journals, { product: "fan", version: "1.0.1" });
  });
});

describe("assertNotSuperseded", () => {
  it("lets an ended rollout be worked on until a later one of its product began", async () => {
    const journals = new MemoryJournals();
    await begin(journals, "1.0.0");
    const first = journals.open("fan-1.0.0");
    await tell(first, { type: "aborted", ...by }, 1);
    await begin(journals, "2.0.0", "other");
    await assertNotSuperseded(journals, first);
    await begin(journals, "1.1.0");
    expect((await thrownBy(() => assertNotSuperseded(journals, first))).code).toBe("IOT_ROLLOUT_SUPERSEDED");
    await assertNotSuperseded(journals, journals.open("fan-1.1.0"));
  });
});
