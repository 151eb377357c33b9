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
  readonly end: string;
  /** What the server was told to run before it was told the end. */
  readonly versionBeforeEnd: string | undefined;
  readonly bench: DeviceBench;
  readonly agent: Agent;
  readonly boots: number;
}

/**
 * One update with power cuts at the given operations of each boot, until the server knows its end.
 * With `reboot` false it is the storage alone that fails, and the agent goes on.
 */
async function live(
  signer: KeySigner,
  offer: OfferedImage,
  cuts: readonly Cut[],
  reboot = true,
): Promise<Story> {
  const bench = await deviceBench(signer);
  const { server, flash } = bench;
  const action = server.offer(offer);
  const power = new Power();
  const ports = powered(flash, power);
  let versionBeforeEnd: string | undefined;
  server.before = (request) => {
    if (request.includes("feedback") && !action.closed)
      versionBeforeEnd = server.attributes[deviceAttribute.version];
  };
  const patient = bench.boot(ports);
  for (let boots = 1; boots <= 60; boots++) {
    const [at, moment] = cuts[boots - 1] ?? [Number.POSITIVE_INFINITY, "before"];
    power.cutAt = power.operations + at;
    power.moment = moment;
    const agent = reboot ? bench.boot(ports) : patient;
    try {
      for (let turns = 0; turns < 3; turns++) await agent.turn();
      if (action.closed) return { power, end: action.closed, versionBeforeEnd, bench, agent, boots };
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
  }
  throw new Error(`the update did not end in 60 boots: ${flash.state.read()}`);
}

async function expectTruth({ end, versionBeforeEnd, bench, agent }: Story): Promise<void> {
  const version = end === "success" ? "2.0.0" : "1.9.4";
  expect(bench.server.attributes[deviceAttribute.version]).toBe(version);
  expect(versionBeforeEnd).toBe(version);
  expect(await agent.running()).toMatchObject({ version, answering: true });
  const { state, installed, update } = agent.state ?? {};
  expect({ state, update, version: installed?.version }).toEqual({ state: "idle", update: null, version });
  expect(bench.flash.slots.current()).toBe(installed?.slot);
  expect(bench.flash.slots.record(installed?.slot as Slot)).toMatchObject({ version, committed: true });
}

describe.each(["success", "failure"] as const)("an update that ends in %s", (end) => {
  test("ends the same with a cut before or after every operation", async () => {
    const { signer, release } = await deviceBench();
    const offer = await release({ faulty: end === "failure" });
    const clean = await live(signer, offer, []);
    expect(clean.end).toBe(end);
    await expectTruth(clean);
    const { operations } = clean.power;
    expect(operations).toBeGreaterThan(10);
    for (let at = 1; at <= operations; at++) {
      for (const moment of ["before", "after"] as const) {
        for (const reboot of [true, false]) {
          const story = await live(signer, offer, [[at, moment]], reboot);
          expect({ boots: story.boots, end: story.end }).toEqual({ boots: 2, end });
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
      const story = await live(signer, offer, cuts);
      await expectTruth(story);
      ends.push(story.end);
    }
    // Power that fails in each of three trials is held against the image; anything less is not.
    expect(new Set(ends)).toContain(end);
    if (end === "failure") expect(ends).not.toContain("success");
  });
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
