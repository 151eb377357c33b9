// The device loses power at every single operation on its storage, and again while it recovers.
import { describe, expect, test } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import type { PayloadRunner } from "../../src/agent/payload-runner.ts";
import type { Slot, SlotStorage } from "../../src/agent/slot-storage.ts";
import type { StateStorage } from "../../src/agent/state-storage.ts";
import { seededRandom } from "../../src/base/random.ts";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import type { KeySigner } from "../../src/signing/signer.ts";
import type { OfferedImage } from "../support/ddi-server.ts";
import { type DeviceBench, deviceBench } from "./device-bench.ts";

/** The operation of one boot that the cut hits, and on which side of it. */
type Cut = readonly [number, "before" | "after"];

class PowerCut extends Error {}

/** Cuts the power before or after one operation, counted from now. */
class Power {
  operations = 0;
  cutAt = Number.POSITIVE_INFINITY;
  moment: Cut[1] = "before";

  run<T>(operation: () => T): T {
    const cut = ++this.operations === this.cutAt;
    if (cut && this.moment === "before") throw new PowerCut();
    const result = operation();
    if (cut) throw new PowerCut();
    return result;
  }
}

/** Every call that changes something goes through the power. */
function powered(
  flash: DeviceBench["flash"],
  power: Power,
): { readonly state: StateStorage; readonly slots: SlotStorage } {
  const { state, slots } = flash;
  return {
    state: { read: () => state.read(), write: (text) => power.run(() => state.write(text)) },
    slots: {
      current: () => slots.current(),
      record: (slot) => slots.record(slot),
      switchTo: (slot) => power.run(() => slots.switchTo(slot)),
      prepare: (slot, image) => power.run(() => slots.prepare(slot, image)),
      append: (slot, bytes) => power.run(() => slots.append(slot, bytes)),
      seal: (slot) => power.run(() => slots.seal(slot)),
      commit: (slot) => power.run(() => slots.commit(slot)),
      clear: (slot) => power.run(() => slots.clear(slot)),
    },
  };
}

interface Story {
  readonly power: Power;
  /** How each action ended. */
  readonly ends: readonly string[];
  /** What the server was told to run before it was told the end of each. */
  readonly versionsBeforeEnd: readonly (string | undefined)[];
  /** Requests for the image of each. */
  readonly downloads: readonly number[];
  readonly bench: DeviceBench;
  readonly agent: Agent;
  readonly boots: number;
}

/**
 * Deployments one after the other, with power cuts at the given operations of each boot, until the
 * server knows the end of the last. With `reboot` false it is the storage alone that fails, and the
 * agent goes on.
 */
async function live(
  signer: KeySigner,
  offers: readonly OfferedImage[],
  cuts: readonly Cut[],
  reboot = true,
): Promise<Story> {
  const bench = await deviceBench(signer);
  const { server, flash } = bench;
  const power = new Power();
  const ports = powered(flash, power);
  const versionsBeforeEnd: (string | undefined)[] = [];
  const offerNext = (): void => {
    const { length } = server.actions;
    const next = offers[length];
    if (!next || server.actions[length - 1]?.closed === null) return;
    const action = server.offer(next);
    server.before = (request) => {
      if (request.includes("feedback") && !action.closed)
        versionsBeforeEnd[length] = server.attributes[deviceAttribute.version];
    };
  };
  const patient = bench.boot(ports);
  for (let boots = 1; boots <= 60; boots++) {
    const [at, moment] = cuts[boots - 1] ?? [Number.POSITIVE_INFINITY, "before"];
    power.cutAt = power.operations + at;
    power.moment = moment;
    const agent = reboot ? bench.boot(ports) : patient;
    try {
      for (let turns = 0; turns < 3 * offers.length; turns++) {
        offerNext();
        await agent.turn();
      }
      const ends = server.actions.map(({ closed }) => String(closed));
      const downloads = server.actions.map(
        ({ id }) => server.requests.filter((request) => request === `GET /images/${id}`).length,
      );
      if (ends.length === offers.length && !ends.includes("null"))
        return { power, ends, versionsBeforeEnd, downloads, bench, agent, boots };
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
  }
  throw new Error(`the update did not end in 60 boots: ${flash.state.read()}`);
}

async function expectTruth({ ends, versionsBeforeEnd, bench, agent }: Story): Promise<void> {
  const version = ends.at(-1) === "success" ? "2.0.0" : "1.9.4";
  expect(bench.server.attributes[deviceAttribute.version]).toBe(version);
  expect(versionsBeforeEnd.at(-1)).toBe(version);
  expect(await agent.running()).toMatchObject({ version, answering: true });
  const { state, installed, update, staged } = agent.state ?? {};
  expect({ state, update, staged, version: installed?.version }).toEqual({
    state: "idle",
    update: null,
    staged: null,
    version,
  });
  expect(bench.flash.slots.current()).toBe(installed?.slot);
  expect(bench.flash.slots.record(installed?.slot as Slot)).toMatchObject({ version, committed: true });
}

describe.each(["success", "failure"] as const)("an update that ends in %s", (end) => {
  test("ends the same with a cut before or after every operation", async () => {
    const { signer, release } = await deviceBench();
    const offer = await release({ faulty: end === "failure" });
    const clean = await live(signer, [offer], []);
    expect(clean.ends).toEqual([end]);
    await expectTruth(clean);
    const { operations } = clean.power;
    expect(operations).toBeGreaterThan(10);
    for (let at = 1; at <= operations; at++) {
      for (const moment of ["before", "after"] as const) {
        for (const reboot of [true, false]) {
          const story = await live(signer, [offer], [[at, moment]], reboot);
          expect({ boots: story.boots, ends: story.ends }).toEqual({ boots: 2, ends: [end] });
          await expectTruth(story);
        }
      }
    }
  });

  test("ends in the truth with many cuts, in the recovery as well", async () => {
    const { signer, release } = await deviceBench();
    const offer = await release({ faulty: end === "failure" });
    const random = seededRandom(7);
    const ends: string[] = [];
    for (let run = 0; run < 40; run++) {
      const cuts = Array.from({ length: 8 }, (): Cut => {
        const moment = random.next() < 0.5 ? "before" : "after";
        return [1 + Math.floor(random.next() * 8), moment];
      });
      const story = await live(signer, [offer], cuts);
      await expectTruth(story);
      ends.push(...story.ends);
    }
    // Power that fails in each of three trials is held against the image; anything less is not.
    expect(new Set(ends)).toContain(end);
    if (end === "failure") expect(ends).not.toContain("success");
  });
});

describe.each(["success", "failure"] as const)("a staged update whose installation ends in %s", (end) => {
  test("is staged, held and installed the same with a cut before or after every operation", async () => {
    const { signer, release } = await deviceBench();
    const offer = await release({ faulty: end === "failure" });
    const offers = [{ ...offer, staged: true }, offer];
    const clean = await live(signer, offers, []);
    expect(clean.ends).toEqual(["success", end]);
    expect(clean.downloads).toEqual([1, 0]);
    await expectTruth(clean);
    const { operations } = clean.power;
    expect(operations).toBeGreaterThan(15);
    for (let at = 1; at <= operations; at++) {
      for (const moment of ["before", "after"] as const) {
        for (const reboot of [true, false]) {
          const story = await live(signer, offers, [[at, moment]], reboot);
          expect({ at, boots: story.boots, ends: story.ends }).toEqual({
            at,
            boots: 2,
            ends: ["success", end],
          });
          expect(story.versionsBeforeEnd[0]).toBe("1.9.4");
          expect(story.downloads[1]).toBe(0);
          await expectTruth(story);
        }
      }
    }
  });

  test("ends in the truth with many cuts, in the recovery as well", async () => {
    const { signer, release } = await deviceBench();
    const offer = await release({ faulty: end === "failure" });
    const random = seededRandom(11);
    for (let run = 0; run < 40; run++) {
      const cuts = Array.from({ length: 12 }, (): Cut => {
        const moment = random.next() < 0.5 ? "before" : "after";
        return [1 + Math.floor(random.next() * 8), moment];
      });
      const story = await live(signer, [{ ...offer, staged: true }, offer], cuts);
      expect(story.ends[0]).toBe("success");
      expect(story.downloads[1]).toBe(0);
      if (end === "failure") expect(story.ends[1]).toBe("failure");
      await expectTruth(story);
    }
  });
});

test("a staged image that is cancelled is dropped with a cut before or after every operation", async () => {
  const { signer, release } = await deviceBench();
  const offer = { ...(await release()), staged: true };
  const story = async (cut: Cut | null) => {
    const bench = await deviceBench(signer);
    const { server, flash, boot } = bench;
    const action = server.offer(offer);
    // The report is lost, so the action is still open when it is cancelled.
    server.fault = (request) => (request.endsWith("feedback") ? "cut" : "none");
    await boot().turn();
    expect(JSON.parse(flash.state.read() ?? "")).toMatchObject({ staged: { actionId: action.id } });
    server.fault = () => "none";
    action.canceling = true;
    const power = new Power();
    [power.cutAt, power.moment] = cut ?? [Number.POSITIVE_INFINITY, "before"];
    const agent = boot(powered(flash, power));
    for (let turns = 0; turns < 3; turns++) {
      await agent.turn().catch((error: unknown) => expect(error).toBeInstanceOf(PowerCut));
    }
    expect(action.closed).toBe("canceled");
    expect(agent.state).toMatchObject({ state: "idle", staged: null, installed: { version: "1.9.4" } });
    return power.operations;
  };
  const operations = await story(null);
  expect(operations).toBe(2);
  for (let at = 1; at <= operations; at++) {
    for (const moment of ["before", "after"] as const) await story([at, moment]);
  }
});

test("an image that takes the whole device down at each start is given up after three", async () => {
  const { server, boot, flash, release } = await deviceBench();
  const action = server.offer(await release());
  let starts = 0;
  const deadly = (): PayloadRunner => {
    let running = "";
    return {
      start: ({ version }) => {
        if (version === "2.0.0") {
          starts++;
          throw new PowerCut();
        }
        running = version;
        return Promise.resolve();
      },
      stop: () => Promise.resolve(),
      health: () => Promise.resolve({ kind: "healthy", version: running, model: "fan-a1" }),
    };
  };
  let boots = 0;
  for (; boots < 20 && !action.closed; boots++) {
    await boot({ payload: deadly() })
      .turn()
      .catch((error: unknown) => expect(error).toBeInstanceOf(PowerCut));
  }
  expect({ starts, boots }).toEqual({ starts: 3, boots: 4 });
  expect(action.closed).toBe("failure");
  expect(server.attributes[deviceAttribute.version]).toBe("1.9.4");
  expect(JSON.parse(flash.state.read() ?? "").knownBad).toHaveLength(1);
});

test("an update that kills the agent wherever it gets to ends all the same", async () => {
  const { server, boot, flash, release } = await deviceBench();
  const action = server.offer(await release());
  let boots = 0;
  for (; boots < 40 && !action.closed; boots++) {
    const slots = powered(flash, new Power()).slots;
    const deadly: SlotStorage = {
      ...slots,
      append: () => {
        throw new PowerCut();
      },
    };
    await boot({ slots: deadly })
      .turn()
      .catch((error: unknown) => expect(error).toBeInstanceOf(PowerCut));
  }
  expect(boots).toBe(18);
  expect(server.lastFeedback(action)?.details?.[0]).toContain("started more than 16 times");
});

test("a journal that cannot be read costs the journal, not the device", async () => {
  const { server, boot, flash, release, log } = await deviceBench();
  const action = server.offer(await release());
  await boot().turn();
  expect(action.closed).toBe("success");
  flash.state.write("\0\0\0");
  const agent = boot();
  await agent.turn();
  expect(await agent.running()).toMatchObject({ version: "2.0.0", answering: true });
  expect(log).toContain("the journal cannot be read, going on with slot b");
  // In the middle of a trial, the slot that was accepted before counts.
  flash.slots.switchTo("a");
  flash.slots.clear("b");
  flash.slots.switchTo("b");
  flash.state.write('{"schemaVersion":1,"state":"trial"}');
  const other = boot();
  await other.start();
  expect(await other.running()).toMatchObject({ version: "1.9.4", answering: true });
  expect(flash.slots.current()).toBe("a");
});
