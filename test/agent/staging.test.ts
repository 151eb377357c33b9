// An image that is brought first and installed later, or never.
import { describe, expect, test, vi } from "vitest";
import type { DeviceState } from "../../src/agent/device-journal.ts";
import { MemorySlotStorage } from "../../src/agent/memory-slot-storage.ts";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import { VirtualPayloadRunner } from "../../src/simulation/virtual-payload-runner.ts";
import { VirtualPrograms } from "../../src/simulation/virtual-programs.ts";
import { digestOf, fanImage, fanResolved, fanSigner, signRelease } from "../support/fan-images.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { type DeviceBench, deviceBench } from "./device-bench.ts";

const downloadsOf = ({ server }: DeviceBench) =>
  server.requests.filter((request) => request.startsWith("GET /images")).length;

/** A device that holds 2.0.0 staged, offered anew by `offer`. */
async function stagedBench(options: Parameters<DeviceBench["release"]>[0] = {}) {
  const bench = await deviceBench();
  const offer = await bench.release(options);
  const staging = bench.server.offer({ ...offer, staged: true });
  const agent = bench.boot();
  await agent.turn();
  expect(staging.closed).toBe("success");
  return { ...bench, offer, staging, agent };
}

describe("a staged update", () => {
  test("is downloaded, proved and kept, while the old firmware goes on", async () => {
    const bench = await stagedBench();
    const { server, staging, agent, flash, offer } = bench;
    expect(server.feedback.map(({ status }) => status.execution)).toEqual(["download", "downloaded"]);
    expect(server.lastFeedback(staging)?.details).toEqual([
      "2.0.0 is in the spare slot, ready to be installed",
    ]);
    expect(await agent.running()).toMatchObject({ version: "1.9.4", answering: true, staged: "2.0.0" });
    const digest = digestOf(offer.image);
    const staged = { actionId: "11", slot: "b", component: "fan", version: "2.0.0", digest };
    expect(agent.state).toMatchObject({ state: "idle", update: null, staged });
    expect(flash.slots.current()).toBe("a");
    expect(flash.slots.record("b")).toEqual({ digest, version: "2.0.0", committed: false });
    for (let restarts = 0; restarts < 20; restarts++) {
      const again = bench.boot();
      await again.turn();
      expect(again.state).toMatchObject({ state: "idle", staged });
    }
    expect(await agent.running()).toMatchObject({ version: "1.9.4" });
    expect(server.attributes[deviceAttribute.version]).toBe("1.9.4");
    expect(downloadsOf(bench)).toBe(1);
  });

  test("is installed from its slot when it is offered for good, and never downloaded again", async () => {
    const bench = await stagedBench();
    const { server, offer, flash } = bench;
    const action = server.offer(offer);
    const agent = bench.boot();
    await agent.turn();
    expect(action.closed).toBe("success");
    expect(server.attributes[deviceAttribute.version]).toBe("2.0.0");
    expect(agent.state).toMatchObject({
      state: "idle",
      staged: null,
      installed: { slot: "b", version: "2.0.0" },
    });
    expect(await agent.running()).toEqual({ component: "fan", version: "2.0.0", answering: true });
    expect(flash.slots.record("b")).toMatchObject({ committed: true });
    expect(downloadsOf(bench)).toBe(1);
    expect(server.feedback.slice(2).map(({ status }) => status.execution)).toEqual(["proceeding", "closed"]);
  });

  test("asks no app until it is to be installed, and then as ever", async () => {
    const bench = await deviceBench();
    const { server, boot, release, apps } = bench;
    apps.record({ phone: "phone-1", component: "app-ios", version: "4.0.0" });
    const offer = await release();
    const staging = server.offer({ ...offer, staged: true });
    const agent = boot();
    await agent.turn();
    expect(staging.closed).toBe("success");
    const action = server.offer(offer);
    await agent.turn();
    expect(server.lastFeedback(action)?.details?.[0]).toMatch(
      /^waiting: app-ios@4.0.0 does not fit fan@2.0.0/,
    );
    expect(agent.state).toMatchObject({ state: "idle", staged: { version: "2.0.0" } });
    apps.record({ phone: "phone-1", component: "app-ios", version: "4.2.0" });
    await agent.turn();
    expect(action.closed).toBe("success");
    expect(downloadsOf(bench)).toBe(1);
  });

  test("in lockstep waits for the app that refuses the old firmware, and for every phone", async () => {
    const bench = await deviceBench();
    const { server, boot, apps } = bench;
    const resolved = fanResolved();
    const [app, old] = [resolved.components["app-ios"], resolved.known["app-ios"]?.["4.1.0"]];
    if (!app || !old) throw new Error("the release has other apps now");
    const attestation = await signRelease(
      {
        ...resolved,
        components: { ...resolved.components, "app-ios": { ...app, requires: { fan: ">=2.0.0" } } },
        known: { ...resolved.known, "app-ios": { "4.1.0": { ...old, requires: { fan: "<2.0.0" } } } },
      },
      bench.signer,
    );
    const offer = { component: "fan", version: "2.0.0", image: fanImage("fan-a1", "2.0.0"), attestation };
    const meet = (phone: string, version: string) => apps.record({ phone, component: "app-ios", version });
    for (const phone of ["phone-1", "phone-2"]) meet(phone, "4.1.0");
    const staging = server.offer({ ...offer, staged: true });
    const agent = boot();
    await agent.turn();
    expect(staging.closed).toBe("success");
    const action = server.offer(offer);
    await agent.turn();
    meet("phone-1", "4.2.0");
    await agent.turn();
    expect(action.closed).toBeNull();
    expect(await agent.running()).toMatchObject({ version: "1.9.4" });
    meet("phone-2", "4.2.0");
    await agent.turn();
    expect(action.closed).toBe("success");
    expect(await agent.running()).toMatchObject({ version: "2.0.0" });
    expect(downloadsOf(bench)).toBe(1);
  });

  test("that fails its trial is rolled back, and neither staged nor installed again", async () => {
    const bench = await stagedBench({ faulty: true });
    const { server, offer, agent } = bench;
    const action = server.offer(offer);
    await agent.turn();
    expect(action.closed).toBe("failure");
    expect(await agent.running()).toMatchObject({ version: "1.9.4", answering: true });
    expect(agent.state).toMatchObject({ staged: null });
    for (const staged of [true, false]) {
      const again = server.offer({ ...offer, staged });
      await agent.turn();
      expect(again.closed).toBe("failure");
      expect(server.lastFeedback(again)?.details?.[0]).toContain("failed on this device before");
    }
    expect(downloadsOf(bench)).toBe(1);
  });

  test.each([
    ["a flipped bit", (image: Buffer) => void (image[100]! ^= 1)],
    ["a torn end", (image: Buffer) => image.fill(0, image.length - 10)],
  ])("damaged by %s is fetched again", async (_, damage) => {
    const bench = await stagedBench();
    const { server, flash, offer } = bench;
    const broken = Buffer.from(offer.image);
    damage(broken);
    refill(flash.slots, broken);
    const action = server.offer(offer);
    const agent = bench.boot();
    await agent.turn();
    expect(action.closed).toBe("success");
    expect(await agent.running()).toMatchObject({ version: "2.0.0" });
    expect(downloadsOf(bench)).toBe(2);
  });

  test("whose bytes are gone or cut short is fetched again", async () => {
    for (const keptBytes of [0, 100]) {
      const bench = await stagedBench();
      const { server, flash, offer } = bench;
      refill(flash.slots, offer.image.subarray(0, keptBytes));
      const action = server.offer(offer);
      await bench.boot().turn();
      expect({ keptBytes, closed: action.closed }).toEqual({ keptBytes, closed: "success" });
      expect(downloadsOf(bench)).toBe(2);
    }
  });

  test("staged again by another action is proved again, not downloaded", async () => {
    const bench = await stagedBench();
    const { server, offer, agent, flash } = bench;
    const again = server.offer({ ...offer, staged: true });
    await agent.turn();
    expect(again.closed).toBe("success");
    expect(agent.state?.staged?.actionId).toBe(again.id);
    expect(downloadsOf(bench)).toBe(1);
    const broken = Buffer.from(offer.image);
    broken[0]! ^= 1;
    refill(flash.slots, broken);
    const third = server.offer({ ...offer, staged: true });
    await agent.turn();
    expect(third.closed).toBe("success");
    expect(downloadsOf(bench)).toBe(2);
    expect(flash.slots.seal("b")).toBe(digestOf(offer.image));
  });

  test("is replaced by another deployment that the device takes, not by one that it refuses", async () => {
    const bench = await stagedBench();
    const { server, offer, agent } = bench;
    const foreign = server.offer({ ...offer, image: fanImage("fan-b2", "2.0.0") });
    await agent.turn();
    expect(foreign.closed).toBe("failure");
    expect(agent.state?.staged?.version).toBe("2.0.0");
    const resolved = fanResolved({ faulty: true });
    const image = fanImage("fan-a1", "faulty");
    const other = { ...offer, image, attestation: await signRelease(resolved, bench.signer), staged: true };
    const replacing = server.offer(other);
    await agent.turn();
    expect(replacing.closed).toBe("success");
    expect(agent.state?.staged?.digest).toBe(digestOf(image));
    expect(downloadsOf(bench)).toBe(2);
  });

  test("whose report got lost is dropped when it is cancelled", async () => {
    const bench = await deviceBench();
    const { server, boot, release, flash } = bench;
    const offer = await release();
    const staging = server.offer({ ...offer, staged: true });
    const agent = boot();
    server.fault = (request) => (request.endsWith("feedback") && server.feedback.length > 0 ? "cut" : "none");
    await agent.turn();
    expect(agent.state?.staged?.actionId).toBe(staging.id);
    expect(staging.closed).toBeNull();
    server.fault = () => "none";
    staging.canceling = true;
    await agent.turn();
    expect(staging.closed).toBe("canceled");
    expect(agent.state).toMatchObject({ state: "idle", staged: null });
    expect(flash.slots.record("b")).toBeNull();
  });

  test("whose report got lost is reported again, without another look at its bytes", async () => {
    const bench = await deviceBench();
    const { server, boot, release, flash } = bench;
    const staging = server.offer({ ...(await release()), staged: true });
    server.fault = (request) => (request.endsWith("feedback") && server.feedback.length > 0 ? "cut" : "none");
    const looks = vi.spyOn(flash.slots, "seal");
    await boot().turn();
    server.fault = () => "none";
    await boot().turn();
    expect(staging.closed).toBe("success");
    expect(looks).toHaveBeenCalledTimes(1);
    expect(downloadsOf(bench)).toBe(1);
  });

  test("is cancelled in the middle of its download", async () => {
    const bench = await deviceBench();
    const { server, boot, release } = bench;
    const staging = server.offer({ ...(await release()), staged: true });
    server.fault = (request) => (request.startsWith("GET /images") ? "refuse" : "none");
    const agent = boot();
    await agent.turn();
    expect(agent.state?.update).toMatchObject({ actionId: staging.id, purpose: "stage" });
    staging.canceling = true;
    await agent.turn();
    expect(staging.closed).toBe("canceled");
    expect(agent.state).toMatchObject({ state: "idle", update: null, staged: null });
  });

  test("becomes an installation when its own action says so, as after a maintenance window", async () => {
    const bench = await deviceBench();
    const { server, boot, release } = bench;
    const action = server.offer({ ...(await release()), staged: true });
    const agent = boot();
    let refused = true;
    server.fault = (request) => (refused && request.startsWith("GET /images") ? "refuse" : "none");
    await agent.turn();
    expect(agent.state?.update?.purpose).toBe("stage");
    refused = false;
    Object.assign(action, { staged: false });
    await agent.turn();
    expect(action.closed).toBe("success");
    expect(await agent.running()).toMatchObject({ version: "2.0.0" });
  });

  test("waits for the window without a word more than needed", async () => {
    const { server, boot, release } = await deviceBench();
    const action = server.offer({ ...(await release()), staged: true });
    // A server that keeps the action open until the installation, as hawkBit does.
    server.before = () => void (action.closed = action.closed === "success" ? null : action.closed);
    const agent = boot();
    for (let turns = 0; turns < 5; turns++) await agent.turn();
    expect(server.feedback.map(({ status }) => status.execution)).toEqual(["download", "downloaded"]);
    Object.assign(action, { staged: false });
    await agent.turn();
    expect(server.feedback.map(({ status }) => status.execution).slice(2)).toEqual(["proceeding", "closed"]);
    expect(await agent.running()).toMatchObject({ version: "2.0.0" });
  });
});

describe("the device stages nothing", () => {
  test("that a stranger signed, that is for other hardware, or that could not be installed", async () => {
    const bench = await deviceBench();
    const { server, boot, release } = bench;
    const offer = await release();
    const foreign = await release({ signer: fanSigner(temporaryDirectory(), "stranger") });
    const agent = boot();
    const wrong: [object, string][] = [
      [foreign, "not signed by a trusted key"],
      [{ image: fanImage("fan-b2", "2.0.0") }, "the image is for fan-b2, this is fan-a1"],
      [{ image: fanImage("fan-a1", "faulty") }, "is not an image of fan 2.0.0"],
      [{ version: "1.8.0", image: fanImage("fan-a1", "1.8.0") }, "is not an image of fan 1.8.0"],
    ];
    for (const [change, reason] of wrong) {
      const action = server.offer({ ...offer, ...change, staged: true });
      await agent.turn();
      expect(action.closed).toBe("failure");
      expect(server.lastFeedback(action)?.details?.[0]).toContain(reason);
    }
    server.offer(offer);
    await agent.turn();
    const back = server.offer({
      ...offer,
      version: "1.9.4",
      image: fanImage("fan-a1", "1.9.4"),
      staged: true,
    });
    await agent.turn();
    expect(server.lastFeedback(back)?.details?.[0]).toContain("installs over");
    expect(agent.state?.staged).toBeNull();
  });

  test("with bytes that differ from the signed digest", async () => {
    const { server, boot, release } = await deviceBench();
    const offer = await release();
    const broken = Buffer.from(offer.image);
    broken[100]! ^= 1;
    const action = server.offer({ ...offer, staged: true });
    server.before = (request) => {
      Object.assign(action, { image: request.startsWith("GET /images") ? broken : offer.image });
    };
    const agent = boot();
    for (let turns = 0; turns < 10 && !action.closed; turns++) await agent.turn();
    expect(action.closed).toBe("failure");
    // Never called downloaded in between: the server takes that for the end.
    expect(new Set(server.feedback.map(({ status }) => status.execution))).toEqual(
      new Set(["download", "closed"]),
    );
    expect(agent.state).toMatchObject({ state: "idle", staged: null });
  });

  test("that runs already, and calls that a success", async () => {
    const bench = await deviceBench();
    const { server, boot, release } = bench;
    const offer = await release();
    server.offer(offer);
    const agent = boot();
    await agent.turn();
    const action = server.offer({ ...offer, staged: true });
    await agent.turn();
    expect(action.closed).toBe("success");
    expect(server.lastFeedback(action)?.details).toEqual(["runs 2.0.0 already"]);
    expect(downloadsOf(bench)).toBe(1);
  });
});

test("a journal of an agent that could not stage is read as it was meant", async () => {
  const { server, boot, flash, release, apps } = await deviceBench();
  const action = server.offer(await release());
  server.before = (request) => {
    if (request.startsWith("GET /images"))
      apps.record({ phone: "late", component: "app-ios", version: "4.0.0" });
  };
  await boot().turn();
  const { staged: _, update, ...state } = JSON.parse(flash.state.read() ?? "") as DeviceState;
  expect(state.state).toBe("staged");
  if (!update) throw new Error("no update under way");
  const { purpose: __, ...older } = update;
  flash.state.write(JSON.stringify({ ...state, update: older }));
  const waiting = boot();
  await waiting.turn();
  expect(waiting.state).toMatchObject({ state: "staged", staged: null, update: { purpose: "install" } });
  apps.record({ phone: "late", component: "app-ios", version: "4.2.0" });
  const agent = boot();
  await agent.turn();
  expect(action.closed).toBe("success");
  expect(agent.state).toMatchObject({ staged: null, installed: { version: "2.0.0" } });
});

test("a journal that is lost costs no second download", async () => {
  const bench = await stagedBench();
  const { server, flash, offer, boot } = bench;
  flash.state.write("\0");
  const agent = boot();
  await agent.turn();
  expect(agent.state).toMatchObject({ staged: null, installed: { version: "1.9.4" } });
  const action = server.offer(offer);
  await agent.turn();
  expect(action.closed).toBe("success");
  expect(downloadsOf(bench)).toBe(1);
});

test("a device without any firmware stages its first one", async () => {
  const bench = await deviceBench();
  const { server, boot, release, flash } = bench;
  const slots = new MemorySlotStorage();
  const payload = new VirtualPayloadRunner({ slots, programs: new VirtualPrograms(), refusesNew: false });
  flash.state.write(
    JSON.stringify({ ...JSON.parse(flash.state.read() ?? ""), installed: null, committed: [] }),
  );
  const offer = { ...(await release()), version: "1.9.4", image: fanImage("fan-a1", "1.9.4") };
  const staging = server.offer({ ...offer, staged: true });
  const agent = boot({ slots, payload });
  await agent.turn();
  expect(staging.closed).toBe("success");
  expect(await agent.running()).toMatchObject({ answering: false });
  const action = server.offer(offer);
  await agent.turn();
  expect(action.closed).toBe("success");
  expect(downloadsOf(bench)).toBe(1);
});

/** The staged slot with other bytes under the same record. */
function refill(slots: MemorySlotStorage, bytes: Uint8Array): void {
  const record = slots.record("b");
  if (!record) throw new Error("nothing is staged");
  slots.clear("b");
  slots.prepare("b", { digest: record.digest, version: record.version });
  if (bytes.length > 0) slots.append("b", bytes);
}
