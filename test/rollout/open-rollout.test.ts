import { describe, expect, it } from "vitest";
import { advance, readRollout, tell } from "../../src/rollout/advance.ts";
import { journalDamaged } from "../../src/rollout/journal/journal-damaged.ts";
import { assertNotSuperseded, assertReleasable, findOpenRollout } from "../../src/rollout/open-rollout.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { fanConfig } from "../support/fan-rollout.ts";
import { type MemoryJournal, MemoryJournals } from "../support/memory-journal.ts";
import { quickConfig, SmallField } from "../support/small-field.ts";
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

/** A rollout of the fan that was aborted when devices had their assignment already. */
async function abortedUnderWay(journals: MemoryJournals): Promise<MemoryJournal> {
  const journal = await startRollout(journals, quickConfig(), 0);
  await advance(journal, new SmallField(3).ports);
  await tell(journal, { type: "aborted", ...by }, 1);
  return journals.open(journal.rolloutId);
}

describe("a rollout that has ended and is not done with stopping", () => {
  const next = { product: "fan", version: "1.1.0" };
  const key = "cancel:fan-1.0.0:fan@2.0.0";

  it("keeps others of its product from beginning until it is, and says how", async () => {
    const journals = new MemoryJournals();
    const journal = await abortedUnderWay(journals);
    for (const release of [next, { product: "fan", version: "1.0.0" }]) {
      const error = await thrownBy(() => findOpenRollout(journals, release));
      expect(error).toMatchObject({
        code: "IOT_ROLLOUT_IN_PROGRESS",
        hints: ["Finish it: iotctl rollout advance fan-1.0.0 --env test"],
        details: { status: "aborted", pending: [key] },
      });
      expect(error.message).toContain("not done with stopping");
    }
    await advance(journal, new SmallField(3).ports);
    expect(await findOpenRollout(journals, next)).toBeNull();
  });

  it("may have its turn, and nothing else, when a later one began all the same", async () => {
    const journals = new MemoryJournals();
    const journal = await abortedUnderWay(journals);
    await begin(journals, "1.1.0");
    await assertNotSuperseded(journals, journal, true);
    expect((await thrownBy(() => assertNotSuperseded(journals, journal))).code).toBe(
      "IOT_ROLLOUT_SUPERSEDED",
    );
  });

  it("keeps nobody from beginning by what a backend refused for good", async () => {
    const journals = new MemoryJournals();
    const journal = await abortedUnderWay(journals);
    await tell(journal, { type: "effect-failed", key, code: "IOT_FLEET_REFUSED", message: "no" }, 2);
    expect((await readRollout(journal)).pending).toHaveLength(1);
    expect(await findOpenRollout(journals, next)).toBeNull();
  });
});

describe("a rollout that cannot be read", () => {
  const next = { product: "fan", version: "1.1.0" };

  it("keeps releases of its product from beginning, and none of others", async () => {
    const journals = new MemoryJournals();
    await begin(journals, "1.0.0");
    journals.open("fan-1.0.0").read = async () => {
      throw journalDamaged("fan-1.0.0", 2, "it cannot be read");
    };
    for (const find of [findOpenRollout, assertReleasable]) {
      const error = await thrownBy(() => find(journals, next));
      expect(error.code).toBe("IOT_JOURNAL_DAMAGED");
      expect(error.message).toContain("Rollout fan-1.0.0 is of fan and cannot be read");
    }
    expect(await findOpenRollout(journals, { ...next, product: "other" })).toBeNull();
  });

  it("keeps releases of all products from beginning when nobody knows whose it is", async () => {
    const journals = new MemoryJournals();
    await begin(journals, "1.0.0");
    const damaged = async (): Promise<never> => {
      throw journalDamaged("fan-1.0.0", 1, "it cannot be read");
    };
    journals.open("fan-1.0.0").read = damaged;
    journals.first = damaged;
    const error = await thrownBy(() => findOpenRollout(journals, { ...next, product: "other" }));
    expect(error.message).toContain("Rollout fan-1.0.0 may be of other");
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
