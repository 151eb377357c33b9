import { describe, expect, it } from "vitest";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import { startedFleet } from "../support/started-fleet.ts";

/** What decides whether clients that exist connect unmodified: each of these broke one somewhere. */
describe("the eight traps of DDI", () => {
  it("trap 1: the configData link is gone right after the report, and back after a success", async () => {
    const { addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    expect(await device.links()).toHaveProperty("configData");
    expect((await device.attributes({ VIN: "d1" }, "merge")).status).toBe(200);
    expect(await device.links()).not.toHaveProperty("configData");
    await give("2.0.0", ["d1"]);
    const { id } = await device.deployment();
    await device.feedback("deploymentBase", id, "closed", "success");
    expect(await device.links()).toHaveProperty("configData");
    await device.attributes({ [deviceAttribute.version]: "2.0.0" });
    expect(await device.links()).not.toHaveProperty("configData");
  });

  it("trap 1: the configData link is back after a failure and a cancel too, which install nothing", async () => {
    const { fleet, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await device.attributes({ [deviceAttribute.version]: "1.9.4" });
    await give("2.0.0", ["d1"]);
    const { id } = await device.deployment();
    await device.feedback("deploymentBase", id, "closed", "failure");
    expect(Object.keys(await device.links())).toEqual(["configData"]);
    await device.attributes({ [deviceAttribute.version]: "1.9.4" });
    await give("2.0.1", ["d1"]);
    expect(Object.keys(await device.links())).toEqual(["deploymentBase"]);
    await fleet.cancel("rollout-1:2.0.1");
    expect(Object.keys(await device.links())).toEqual(["configData"]);
  });

  it("trap 2: every body has a Content-Length, none is chunked", async () => {
    const { addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const { deploymentBase = "" } = await device.links();
    const deployment = await device.send(deploymentBase);
    const [artifact] = deployment.json.deployment.chunks[0].artifacts;
    const answers = [
      await device.send(device.root),
      deployment,
      await device.send(artifact._links["download-http"].href),
      await device.send(artifact._links["md5sum-http"].href),
      await device.send(`${device.root}/softwaremodules/11/artifacts`),
      await device.feedback("deploymentBase", "11", "proceeding"),
      await device.send("/nowhere"),
    ];
    for (const { headers, body } of answers) {
      expect(headers["content-length"]).toBe(String(body.length));
      expect(headers).not.toHaveProperty("transfer-encoding");
    }
  });

  it("trap 3: JSON is answered with exactly 200", async () => {
    const { addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const statuses = [
      (await device.send(device.root)).status,
      (await device.attributes({ VIN: "d1" })).status,
      (await device.send(`${device.root}/deploymentBase/11`)).status,
      (await device.feedback("deploymentBase", "11", "proceeding")).status,
      (await device.feedback("deploymentBase", "11", "closed", "success")).status,
      (await device.send(`${device.root}/installedBase/11`)).status,
    ];
    expect(statuses).toEqual(Array.from(statuses, () => 200));
  });

  it("trap 4: ids are strings of decimal integers that no client misreads", async () => {
    const { fleet, addDevice, give } = await startedFleet();
    const ids = Array.from({ length: 12 }, (_, n) => `d${n}`);
    const devices = [];
    for (const id of ids) devices.push(await addDevice(id));
    await give("2.0.0", ids);
    const actions = [];
    for (const device of devices) {
      const { id } = await device.deployment();
      await fleet.cancel("rollout-1:2.0.0", [device.id]);
      const { cancelAction = "" } = await device.links();
      expect(cancelAction).toMatch(new RegExp(`/cancelAction/${id}$`));
      expect((await device.send(cancelAction)).json).toEqual({ id, cancelAction: { stopId: id } });
      actions.push(id);
    }
    expect(new Set(actions)).toEqual(
      new Set(["11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "23"]),
    );
  });

  it("trap 5: a skipped update stays open and is not installed", async () => {
    const { fleet, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const { id } = await device.deployment();
    expect(
      (await device.feedback("deploymentBase", id, "closed", "success", ["Skipped Update."])).status,
    ).toBe(200);
    const { outcomes } = await fleet.observe("rollout-1:2.0.0", { limit: 10 });
    expect(outcomes).toMatchObject([{ state: "retrieved", message: "Skipped Update.", closedAtMs: null }]);
    expect(await device.links()).toHaveProperty("deploymentBase");
    expect(await device.links()).not.toHaveProperty("installedBase");
  });

  it("trap 6: a deployment is offered at every poll until it is closed", async () => {
    const { addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const offered = await device.deployment();
    for (const execution of [
      "download",
      "downloaded",
      "proceeding",
      "rejected",
      "resumed",
      "scheduled",
    ] as const) {
      await device.feedback("deploymentBase", offered.id, execution, "none", [execution]);
      expect(await device.deployment()).toEqual(offered);
    }
    await device.feedback("deploymentBase", offered.id, "closed", "success");
    expect(await device.links()).not.toHaveProperty("deploymentBase");
  });

  it.each([
    ["closed", "success", "canceled", "nothing"],
    ["closed", "failure", "retrieved", "deploymentBase"],
    ["rejected", "none", "retrieved", "deploymentBase"],
    ["canceled", "none", "canceled", "nothing"],
  ] as const)("trap 7: cancelAction is gone after %s/%s", async (execution, finished, state, offered) => {
    const { fleet, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const { id } = await device.deployment();
    await fleet.cancel("rollout-1:2.0.0");
    expect(Object.keys(await device.links()).toSorted()).toEqual(["cancelAction", "configData"]);
    expect((await device.feedback("cancelAction", id, "proceeding")).status).toBe(200);
    expect(await device.links()).toHaveProperty("cancelAction");
    expect((await device.feedback("cancelAction", id, execution, finished)).status).toBe(200);
    const expected = offered === "nothing" ? ["configData"] : ["configData", offered];
    expect(Object.keys(await device.links()).toSorted()).toEqual(expected);
    const { outcomes } = await fleet.observe("rollout-1:2.0.0", { limit: 10 });
    expect(outcomes).toMatchObject([{ state }]);
  });

  it("trap 8: silence shows as open with its last contact, success with the version that was reported", async () => {
    const { fleet, addDevice, give } = await startedFleet();
    const [silent, liar] = [await addDevice("d1"), await addDevice("d2")];
    for (const device of [silent, liar]) await device.attributes({ [deviceAttribute.version]: "1.9.4" });
    await give("2.0.0", ["d1", "d2"]);
    await silent.deployment();
    const { id } = await liar.deployment();
    await liar.feedback("deploymentBase", id, "closed", "success");
    const { outcomes } = await fleet.observe("rollout-1:2.0.0", { limit: 10 });
    expect(outcomes).toMatchObject([
      { deviceId: "d1", state: "retrieved", lastContactAtMs: expect.any(Number), closedAtMs: null },
      { deviceId: "d2", state: "succeeded", reportedVersion: "1.9.4" },
    ]);
    expect(await liar.links()).toHaveProperty("configData");
  });
});
