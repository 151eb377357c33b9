// The agent against a server that remembers, refuses, cuts connections and forgets.
import { describe, expect, test } from "vitest";
import { MemorySlotStorage } from "../../src/agent/memory-slot-storage.ts";
import { MemoryStateStorage } from "../../src/agent/memory-state-storage.ts";
import type { PayloadRunner } from "../../src/agent/payload-runner.ts";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import { VirtualPayloadRunner } from "../../src/simulation/virtual-payload-runner.ts";
import { VirtualPrograms } from "../../src/simulation/virtual-programs.ts";
import { fanImage, fanSigner } from "../support/fan-images.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { deviceBench } from "./device-bench.ts";

const closed = (finished: "success" | "failure") => ({ execution: "closed", result: { finished } });

describe("an update", () => {
  test("is installed, tried, committed and reported after the version that runs", async () => {
    const { server, boot, release } = await deviceBench();
    const action = server.offer(await release());
    const agent = boot();
    expect(await agent.turn()).toEqual({ sleepMs: 30_000 });
    expect(action.closed).toBe("success");
    expect(server.attributes).toMatchObject({
      [deviceAttribute.hardware]: "fan-a1",
      [deviceAttribute.version]: "2.0.0",
    });
    expect(await agent.running()).toEqual({ component: "fan", version: "2.0.0", answering: true });
    expect(agent.state).toMatchObject({
      state: "idle",
      update: null,
      installed: { slot: "b", version: "2.0.0" },
    });
    expect(server.requests).toEqual([
      "GET /",
      "PUT /configData",
      "GET /deploymentBase/11",
      "GET /attestations/11",
      "POST /deploymentBase/11/feedback",
      "GET /images/11",
      "POST /deploymentBase/11/feedback",
      "POST /deploymentBase/11/feedback",
      "PUT /configData",
      "POST /deploymentBase/11/feedback",
    ]);
    expect(server.feedback.map(({ status }) => status.execution)).toEqual([
      "download",
      "downloaded",
      "proceeding",
      "closed",
    ]);
  });

  test("that is not healthy is rolled back, reported with its reason, and never tried again", async () => {
    const { server, boot, release } = await deviceBench();
    const offer = await release({ faulty: true });
    const action = server.offer(offer);
    const agent = boot();
    await agent.turn();
    expect(server.lastFeedback(action)).toMatchObject({
      ...closed("failure"),
      details: ["2.0.0 is not healthy: its self-test fails", "runs 1.9.4"],
    });
    expect(server.attributes[deviceAttribute.version]).toBe("1.9.4");
    expect(await agent.running()).toMatchObject({ version: "1.9.4", answering: true });

    const downloads = server.requests.filter((request) => request.startsWith("GET /images")).length;
    const again = server.offer(offer);
    await boot().turn();
    expect(again.closed).toBe("failure");
    expect(server.lastFeedback(again)?.details?.[0]).toContain(
      "failed on this device before: 2.0.0 is not healthy",
    );
    expect(server.requests.filter((request) => request.startsWith("GET /images"))).toHaveLength(downloads);
  });

  test("that the server forgot having heard about is confirmed, not installed twice", async () => {
    const { server, boot, release } = await deviceBench();
    const action = server.offer(await release());
    const agent = boot();
    await agent.turn();
    server.forget(action);
    await agent.turn();
    expect(action.closed).toBe("success");
    expect(server.attributes[deviceAttribute.version]).toBe("2.0.0");
    expect(server.requests.filter((request) => request.startsWith("GET /images"))).toHaveLength(1);
  });

  test("goes back to a version the device ran before, though it does not install over the new one", async () => {
    const { server, boot, release } = await deviceBench();
    const offer = await release();
    server.offer(offer);
    const agent = boot();
    await agent.turn();
    const old = { ...offer, version: "1.9.4", image: fanImage("fan-a1", "1.9.4") };
    const refused = server.offer(old);
    await agent.turn();
    expect(server.lastFeedback(refused)?.details?.[0]).toContain("installs over");
    const back = server.offer({ ...old, rollback: true });
    await agent.turn();
    expect(back.closed).toBe("success");
    expect(await agent.running()).toMatchObject({ version: "1.9.4" });
    // It was in the other slot all the time.
    expect(server.requests.filter((request) => request.startsWith("GET /images"))).toHaveLength(1);
  });
});

describe("the device refuses", () => {
  test("a release that a stranger signed", async () => {
    const { server, boot, release } = await deviceBench();
    const action = server.offer(await release({ signer: fanSigner(temporaryDirectory(), "stranger") }));
    await boot().turn();
    expect(server.lastFeedback(action)).toMatchObject(closed("failure"));
    expect(server.lastFeedback(action)?.details?.[0]).toContain("not signed by a trusted key");
  });

  test("an image that is not in the signed release, and one for other hardware", async () => {
    const { server, boot, release } = await deviceBench();
    const offer = await release();
    const swapped = server.offer({ ...offer, image: fanImage("fan-a1", "faulty") });
    const agent = boot();
    await agent.turn();
    expect(server.lastFeedback(swapped)?.details?.[0]).toContain(
      "is not an image of fan 2.0.0 in the signed release",
    );
    const foreign = server.offer({ ...offer, image: fanImage("fan-b2", "2.0.0") });
    await agent.turn();
    expect(server.lastFeedback(foreign)?.details?.[0]).toBe("the image is for fan-b2, this is fan-a1");
    const unclaimed = server.offer({
      ...offer,
      rollback: true,
      version: "1.9.4",
      image: fanImage("fan-a1", "2.0.0"),
    });
    await agent.turn();
    expect(server.lastFeedback(unclaimed)).toMatchObject(closed("failure"));
    expect(server.requests.filter((request) => request.startsWith("GET /images"))).toEqual([]);
    expect(agent.state?.installed?.version).toBe("1.9.4");
  });

  test("bytes that differ from the signed digest, after two whole tries and within bounds", async () => {
    const { server, boot, release } = await deviceBench();
    const offer = await release();
    const broken = Buffer.from(offer.image);
    broken[100]! ^= 1;
    const action = server.offer(offer);
    server.before = (request) => {
      // The description is right, the bytes are not.
      if (request.startsWith("GET /images")) Object.assign(action, { image: broken });
      else Object.assign(action, { image: offer.image });
    };
    const agent = boot();
    for (let turns = 0; turns < 10 && !action.closed; turns++) await agent.turn();
    expect(action.closed).toBe("failure");
    expect(server.lastFeedback(action)?.details?.[0]).toMatch(
      /the image has sha256:\w+, signed is sha256:\w+/,
    );
    expect(agent.state).toMatchObject({ installed: { version: "1.9.4" }, knownBad: [] });
  });
});

describe("apps", () => {
  test("that do not fit the new firmware hold it back, visibly and once, until they are gone", async () => {
    const { server, boot, release, apps } = await deviceBench();
    apps.record({ phone: "phone-1", component: "app-ios", version: "4.0.0" });
    const action = server.offer(await release());
    const agent = boot();
    await agent.turn();
    await agent.turn();
    const told = server.feedback.map(({ status }) => status);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ execution: "scheduled", result: { finished: "none" } });
    expect(told[0]?.details?.[0]).toMatch(/^waiting: app-ios@4.0.0 does not fit fan@2.0.0/);
    expect(server.attributes[deviceAttribute.apps]).toBe("app-ios@4.0.0");

    apps.record({ phone: "phone-1", component: "app-ios", version: "4.1.0" });
    await agent.turn();
    expect(action.closed).toBe("success");
    expect(server.attributes[deviceAttribute.apps]).toBe("app-ios@4.1.0");
  });

  test("of a version that nobody says anything about hold it back too", async () => {
    const { server, boot, release, apps } = await deviceBench();
    const offer = await release();
    server.offer(offer);
    const agent = boot();
    await agent.turn();
    apps.record({ phone: "phone-1", component: "app-ios", version: "9.9.9-beta.1" });
    const image = fanImage("fan-a1", "1.9.4");
    const action = server.offer({ ...offer, version: "1.9.4", image, rollback: true });
    await agent.turn();
    expect(action.closed).toBeNull();
    expect(server.lastFeedback(action)?.details?.[0]).toMatch(
      /^waiting: app-ios@9.9.9-beta.1 not known to fit fan@1.9.4/,
    );
  });

  test("that come by while the image is loaded are asked again before the switch", async () => {
    const { server, boot, release, apps } = await deviceBench();
    const action = server.offer(await release());
    server.before = (request) => {
      if (request.startsWith("GET /images"))
        apps.record({ phone: "late", component: "app-ios", version: "4.0.0" });
    };
    const agent = boot();
    await agent.turn();
    expect(agent.state?.state).toBe("staged");
    expect(await agent.running()).toMatchObject({ version: "1.9.4" });
    expect(server.lastFeedback(action)?.details?.[0]).toMatch(/^waiting: /);
    apps.record({ phone: "late", component: "app-ios", version: "4.2.0" });
    await agent.turn();
    expect(action.closed).toBe("success");
  });
});

describe("a server that", () => {
  test("is away is asked again, later and later, and the firmware goes on", async () => {
    const { server, boot } = await deviceBench();
    server.fault = () => "cut";
    const agent = boot();
    const sleeps: number[] = [];
    for (let i = 0; i < 4; i++) sleeps.push((await agent.turn()).sleepMs);
    expect(sleeps).toEqual([1000, 1000, 1000, 1000]);
    server.fault = () => "none";
    expect((await agent.turn()).sleepMs).toBe(30_000);
    server.fault = () => "refuse";
    sleeps.length = 0;
    for (let i = 0; i < 7; i++) sleeps.push((await agent.turn()).sleepMs);
    expect(sleeps).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(await agent.running()).toMatchObject({ version: "1.9.4", answering: true });
  });

  test.each(["unauthorized", "nonsense"] as const)(
    "answers with %s stops nothing but the turn",
    async (fault) => {
      const { server, boot, log } = await deviceBench();
      server.fault = () => fault;
      const agent = boot();
      expect(await agent.turn()).toEqual({ sleepMs: 1000 });
      expect(log).toHaveLength(1);
      expect(await agent.running()).toMatchObject({ answering: true });
    },
  );

  test("cuts every other download is continued from the byte where it was cut", async () => {
    const { server, boot, release } = await deviceBench();
    const action = server.offer(await release());
    let downloads = 0;
    server.fault = (request) => (request.startsWith("GET /images") && downloads++ < 3 ? "cut-body" : "none");
    await boot().turn();
    expect(action.closed).toBe("success");
    expect(downloads).toBe(4);
  });

  test("knows no ranges costs a whole download, not the update", async () => {
    const { server, boot, release } = await deviceBench();
    server.knowsRanges = false;
    const action = server.offer(await release());
    let downloads = 0;
    server.fault = (request) => (request.startsWith("GET /images") && downloads++ < 1 ? "cut-body" : "none");
    await boot().turn();
    expect(action.closed).toBe("success");
  });

  test("never gives the bytes makes the update fail in the end", async () => {
    const { server, boot, release } = await deviceBench();
    const action = server.offer(await release());
    server.fault = (request) => (request.startsWith("GET /images") ? "refuse" : "none");
    const agent = boot();
    let turns = 0;
    for (; turns < 30 && !action.closed; turns++) await agent.turn();
    expect(turns).toBe(10);
    expect(server.lastFeedback(action)?.details?.[0]).toMatch(/the download failed: .* status 503/);
  });

  test("loses the answer to the last report gets it again and then counts as told", async () => {
    const { server, boot, release, flash } = await deviceBench();
    const action = server.offer(await release());
    let reports = 0;
    server.fault = (request) =>
      request === "POST /deploymentBase/11/feedback" && ++reports >= 4 ? "cut-after" : "none";
    const agent = boot();
    await agent.turn();
    expect(agent.state?.state).toBe("reporting");
    server.fault = () => "none";
    await boot().turn();
    expect(action.closed).toBe("success");
    expect(JSON.parse(flash.state.read() ?? "")).toMatchObject({ state: "idle", update: null });
  });

  test("goes away after the switch does not stop the commit", async () => {
    const { server, boot, release } = await deviceBench();
    const action = server.offer(await release());
    server.fault = () =>
      server.feedback.some(({ status }) => status.execution === "proceeding") ? "cut" : "none";
    const agent = boot();
    await agent.turn();
    expect(agent.state).toMatchObject({ state: "reporting", installed: { version: "2.0.0" } });
    expect(action.closed).toBeNull();
    server.fault = () => "none";
    await agent.turn();
    expect(action.closed).toBe("success");
  });
});

describe("a cancellation", () => {
  test("before the switch is obeyed", async () => {
    const { server, boot, release, apps } = await deviceBench();
    const action = server.offer(await release());
    server.before = (request) => {
      if (request.startsWith("GET /images"))
        apps.record({ phone: "late", component: "app-ios", version: "4.0.0" });
    };
    const agent = boot();
    await agent.turn();
    action.canceling = true;
    await agent.turn();
    expect(action.closed).toBe("canceled");
    expect(agent.state).toMatchObject({ state: "idle", update: null, installed: { version: "1.9.4" } });
  });

  test("that comes too late is rejected, and the outcome stands", async () => {
    const { server, boot, release } = await deviceBench();
    const action = server.offer(await release());
    // Healthy in its trial, then it falls silent: committed, but nothing that could be called a success.
    let version = "";
    let answersLeft = 0;
    const payload: PayloadRunner = {
      start: (image) => {
        version = image.version;
        answersLeft = version === "2.0.0" ? 1 : Number.POSITIVE_INFINITY;
        return Promise.resolve();
      },
      stop: () => Promise.resolve(),
      health: () =>
        Promise.resolve(
          version !== "" && answersLeft-- > 0
            ? { kind: "healthy", version, model: null }
            : { kind: version === "" ? "stopped" : "unwell", reason: "silent" },
        ),
    };
    const agent = boot({ payload }, { steadyMs: 0 });
    await agent.turn();
    await agent.turn();
    expect(agent.state?.state).toBe("reporting");
    expect(action.closed).toBeNull();
    action.canceling = true;
    await agent.turn();
    expect(server.feedback.at(-1)).toMatchObject({ kind: "cancelAction", status: { execution: "rejected" } });
    answersLeft = 10;
    await agent.turn();
    expect(action.closed).toBe("success");
  });

  test("of an action the device never saw is agreed to", async () => {
    const { server, boot, release } = await deviceBench();
    const action = server.offer(await release());
    action.canceling = true;
    await boot().turn();
    expect(action.closed).toBe("canceled");
  });

  test("without a word, or by another action, drops what was begun", async () => {
    const { server, boot, release, apps } = await deviceBench();
    const offer = await release();
    const first = server.offer(offer);
    const agent = boot();
    server.before = (request) => {
      if (request.startsWith("GET /images"))
        apps.record({ phone: "late", component: "app-ios", version: "4.0.0" });
    };
    await agent.turn();
    expect(agent.state?.update?.actionId).toBe(first.id);
    first.closed = "canceled";
    const second = server.offer(offer);
    await agent.turn();
    expect(agent.state).toMatchObject({ state: "idle", update: null });
    second.closed = "canceled";
    apps.record({ phone: "late", component: "app-ios", version: "4.2.0" });
    const third = server.offer(offer);
    await agent.turn();
    expect(third.closed).toBe("success");
    expect(server.requests.filter((request) => request.startsWith("GET /images"))).toHaveLength(1);
  });
});

test("a server that postpones is waited for", async () => {
  const { server, boot, release } = await deviceBench();
  const action = server.offer({ ...(await release()), postponed: true });
  await boot().turn();
  expect(server.lastFeedback(action)).toMatchObject({ execution: "scheduled" });
  expect(action.closed).toBeNull();
});

test("a device without any firmware takes its first one", async () => {
  const { server, boot, release } = await deviceBench();
  const slots = new MemorySlotStorage();
  const payload = new VirtualPayloadRunner({ slots, programs: new VirtualPrograms(), refusesNew: false });
  const agent = boot({ state: new MemoryStateStorage(), slots, payload });
  const offer = await release({ faulty: true });
  const bad = server.offer(offer);
  await agent.turn();
  expect(bad.closed).toBe("failure");
  expect(server.attributes[deviceAttribute.version]).toBeUndefined();
  const good = server.offer({ ...offer, version: "1.9.4", image: fanImage("fan-a1", "1.9.4") });
  await agent.turn();
  expect(good.closed).toBe("success");
  expect(await agent.running()).toEqual({ component: "fan", version: "1.9.4", answering: true });
});
