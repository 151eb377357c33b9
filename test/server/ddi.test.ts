import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { chunkMetadata, deviceAttribute } from "../../src/ddi/wire.ts";
import { DdiDevice, imageHref } from "../support/ddi-device.ts";
import { httpExchange } from "../support/http-exchange.ts";
import { digestOf, startedFleet } from "../support/started-fleet.ts";

describe("DDI", () => {
  it("polls: sleep, then nothing to do", async () => {
    const { addDevice } = await startedFleet({ pollIntervalMs: 90_500 });
    const device = await addDevice("d1");
    await device.attributes({ VIN: "d1" });
    const { status, headers, json } = await device.send(device.root);
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(json).toEqual({ config: { polling: { sleep: "00:01:31" } }, _links: {} });
  });

  it("describes a deployment so that SWUpdate, RAUC and Zephyr all can read it", async () => {
    const { server, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    const { attestationDigest } = await give("2.0.0", ["d1"]);
    const base = `${server.url}${device.root}`;
    const href = `${base}/softwaremodules/11/artifacts/fan%20a1.bin`;
    expect(await device.deployment()).toEqual({
      id: "11",
      deployment: {
        download: "forced",
        update: "forced",
        chunks: [
          {
            part: "bApp",
            version: "2.0.0",
            name: "fan",
            artifacts: [
              {
                filename: "fan a1.bin",
                hashes: {
                  sha1: expect.stringMatching(/^[0-9a-f]{40}$/),
                  md5: expect.stringMatching(/^[0-9a-f]{32}$/),
                  sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
                },
                size: 19,
                _links: {
                  download: { href },
                  "download-http": { href },
                  "md5sum-http": { href: `${href}.MD5SUM` },
                },
              },
            ],
            metadata: [
              { key: chunkMetadata.attestation, value: `${base}/attestations/${attestationDigest.slice(7)}` },
              { key: chunkMetadata.component, value: "fan" },
              { key: chunkMetadata.rollback, value: "false" },
            ],
          },
        ],
      },
    });
  });

  it("puts the host that the device asked for into the links", async () => {
    const { addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const { json } = await device.send(device.root, { headers: { host: "fleet.example:8443" } });
    expect(json._links.deploymentBase.href).toBe(`http://fleet.example:8443${device.root}/deploymentBase/11`);
    expect((await device.send(device.root, { headers: { host: 'x"/../y' } })).status).toBe(400);
  });

  it("makes links of https when a proxy says that the device came by it, and of nothing else", async () => {
    const { addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    for (const [said, protocol] of [
      ["https", "https"],
      ["http", "http"],
      ["HTTPS", "http"],
      ["https, http", "http"],
      ["javascript", "http"],
    ] as const) {
      const headers = { host: "fleet.example", "x-forwarded-proto": said };
      const { json } = await device.send(device.root, { headers });
      const base = `${protocol}://fleet.example${device.root}`;
      expect(json._links.configData.href).toBe(`${base}/configData`);
      const deployment = await device.send(`${device.root}/deploymentBase/11`, { headers });
      expect(imageHref(deployment.json)).toBe(`${base}/softwaremodules/11/artifacts/fan%20a1.bin`);
    }
  });

  it("moves through the states as the device reports them", async () => {
    const { fleet, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const state = async () => (await fleet.observe("rollout-1:2.0.0", { limit: 1 })).outcomes[0]?.state;
    expect(await state()).toBe("pending");
    const { id } = await device.deployment();
    expect(await state()).toBe("retrieved");
    await device.feedback("deploymentBase", id, "scheduled");
    expect(await state()).toBe("retrieved");
    await device.feedback("deploymentBase", id, "download");
    expect(await state()).toBe("downloading");
    await device.feedback("deploymentBase", id, "proceeding", "none", "All Chunks Installed.");
    expect(await state()).toBe("installing");
    await device.feedback("deploymentBase", id, "rejected", "none", ["busy, later"]);
    expect(await state()).toBe("installing");
    await device.feedback("deploymentBase", id, "closed", "success");
    expect(await state()).toBe("succeeded");
    const [outcome] = (await fleet.observe("rollout-1:2.0.0", { limit: 1 })).outcomes;
    expect(outcome?.message).toBe("busy, later");
  });

  it("answers 410 once an action is closed, and what it closed as stands", async () => {
    const { fleet, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const { id } = await device.deployment();
    await device.feedback("deploymentBase", id, "closed", "failure", ["first"]);
    expect((await device.feedback("deploymentBase", id, "closed", "success", ["second"])).status).toBe(410);
    expect((await device.feedback("cancelAction", id, "closed", "success")).status).toBe(410);
    expect((await device.send(`${device.root}/deploymentBase/${id}`)).status).toBe(404);
    const { outcomes } = await fleet.observe("rollout-1:2.0.0", { limit: 1 });
    expect(outcomes).toMatchObject([{ state: "failed", message: "first" }]);
  });

  it("believes a device that ends the update after it was asked to cancel", async () => {
    const { fleet, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const { id } = await device.deployment();
    await fleet.cancel("rollout-1:2.0.0");
    expect((await device.send(`${device.root}/deploymentBase/${id}`)).status).toBe(404);
    expect((await device.feedback("deploymentBase", id, "closed", "success")).status).toBe(200);
    expect(Object.keys(await device.links()).toSorted()).toEqual(["configData", "installedBase"]);
  });

  it("shows what is installed, and serves it, after the next one has failed", async () => {
    const { addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("1.9.4", ["d1"]);
    const first = await device.deployment();
    await device.feedback("deploymentBase", first.id, "closed", "success");
    await give("2.0.0", ["d1"]);
    const second = await device.deployment();
    await device.feedback("deploymentBase", second.id, "closed", "failure");
    const { installedBase = "" } = await device.links();
    expect(installedBase).toMatch(/installedBase\/11$/);
    const installed = (await device.send(installedBase)).json;
    expect(installed).toEqual(first);
    expect((await device.send(imageHref(installed))).text).toBe("image of fan 1.9.4\n");
    expect((await device.send(imageHref(second))).status).toBe(404);
    expect((await device.send(`${device.root}/installedBase/12`)).status).toBe(404);
  });

  it("names the signed releases that tell of the field, and gives them to whom they concern", async () => {
    const { fleet, server, addDevice, give } = await startedFleet();
    const [device, other] = [await addDevice("d1"), await addDevice("d2")];
    const releases = ["first", "second"].map((text) => Buffer.from(text));
    const contextDigests = releases.map(digestOf);
    for (const [index, bytes] of releases.entries())
      await fleet.ensureAttestation({ digest: contextDigests[index]!, bytes });
    await give("2.0.0", ["d1"], { contextDigests });
    const paths = contextDigests.map((digest) => `/attestations/${digest.slice("sha256:".length)}`);
    const { deployment } = await device.deployment();
    expect(deployment.chunks[0]?.metadata).toContainEqual({
      key: chunkMetadata.context,
      value: paths.map((path) => `${server.url}${device.root}${path}`).join(" "),
    });
    for (const [index, path] of paths.entries()) {
      expect((await device.send(device.root + path)).text).toBe(String(releases[index]));
      expect((await other.send(other.root + path)).status).toBe(404);
    }
  });

  it("gives a device nothing of another's", async () => {
    const { addDevice, give } = await startedFleet();
    const [owner, other] = [await addDevice("d1"), await addDevice("d2")];
    const { attestationDigest } = await give("2.0.0", ["d1"]);
    const paths = [
      "/deploymentBase/11",
      "/installedBase/11",
      "/cancelAction/11",
      "/softwaremodules/11/artifacts",
      "/softwaremodules/11/artifacts/fan%20a1.bin",
      `/attestations/${attestationDigest.slice(7)}`,
    ];
    for (const path of paths)
      expect([path, (await other.send(other.root + path)).status]).toEqual([path, 404]);
    expect((await other.feedback("deploymentBase", "11", "closed", "success")).status).toBe(404);
    const impostor = new DdiDevice(
      `http://${new URL((await owner.links())["deploymentBase"] ?? "").host}`,
      "d1",
      other.token,
    );
    for (const path of ["", ...paths]) expect((await impostor.send(impostor.root + path)).status).toBe(401);
  });

  it.each([
    ["no header", undefined],
    ["no scheme", (token: string) => token],
    ["another scheme", (token: string) => `Bearer ${token}`],
    ["lower case", (token: string) => `targettoken ${token}`],
    ["two blanks", (token: string) => `TargetToken  ${token}`],
    ["half a token", (token: string) => `TargetToken ${token.slice(0, 20)}`],
    ["an empty token", () => "TargetToken "],
    ["the stored hash", () => `TargetToken ${"0".repeat(64)}`],
  ])("answers an empty 401 to %s", async (_, header) => {
    const { server, addDevice } = await startedFleet();
    const device = await addDevice("d1");
    const headers = header ? { authorization: header(device.token) } : {};
    for (const id of ["d1", "ghost", "%00"]) {
      const answer = await httpExchange(server.url, `/DEFAULT/controller/v1/${id}`, { headers });
      expect([id, answer.status, answer.text, answer.headers["content-length"]]).toEqual([id, 401, "", "0"]);
    }
  });

  it("keeps last contact in memory, shows it at once, and saves it when it closes", async () => {
    const clock = new VirtualClock(1_000_000);
    const first = await startedFleet({ clock });
    const device = await first.addDevice("d1");
    await clock.advance(500);
    await device.send(device.root);
    expect((await first.fleet.getDevice("d1")).lastContactAtMs).toBe(1_000_500);
    await first.server.close();
    const second = await startedFleet({ clock, dir: first.dir });
    expect((await second.fleet.getDevice("d1")).lastContactAtMs).toBe(1_000_500);
  });

  it("hardware that a device reports replaces what it was registered with", async () => {
    const { fleet, addDevice } = await startedFleet();
    const device = await addDevice("d1", "guess");
    await device.attributes({ [deviceAttribute.hardware]: "fan-b2", serial: "7" });
    expect(await fleet.getDevice("d1")).toMatchObject({ hardware: "fan-b2" });
    await device.attributes({ serial: "8" }, "replace");
    expect(await fleet.getDevice("d1")).toMatchObject({ hardware: "fan-b2", reportedVersion: null });
  });

  it("forgets a version that the device takes back", async () => {
    const { fleet, addDevice } = await startedFleet();
    const device = await addDevice("d1");
    await device.attributes({ [deviceAttribute.version]: "1.9.4" });
    await device.attributes({ [deviceAttribute.version]: "" }, "remove");
    expect(await fleet.getDevice("d1")).toMatchObject({ reportedVersion: null });
    expect((await fleet.history("d1")).map((event) => event.kind)).toEqual([
      "registered",
      "reported",
      "reported",
    ]);
  });

  it("waits for a body that is announced with Expect: 100-continue", async () => {
    const { fleet, addDevice } = await startedFleet();
    const device = await addDevice("d1");
    const answer = await device.send(`${device.root}/configData`, {
      method: "PUT",
      body: { data: { [deviceAttribute.version]: "1.9.4" } },
      headers: { expect: "100-continue" },
    });
    expect(answer.status).toBe(200);
    expect(await fleet.getDevice("d1")).toMatchObject({ reportedVersion: "1.9.4" });
  });

  it("refuses an announced body without asking for it when the device is a stranger", async () => {
    const { server } = await startedFleet();
    const answer = await httpExchange(server.url, "/DEFAULT/controller/v1/d1/configData", {
      method: "PUT",
      headers: { expect: "100-continue", "content-length": "1000000" },
    });
    expect(answer.status).toBe(401);
  });

  it("takes SWUpdate's failure report, which is not valid JSON", async () => {
    const { fleet, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    await device.deployment();
    const body =
      '{"id":11,"status":{"result":{"finished":"failure"},"execution":"closed","details":["ERROR\n: no image"]}}';
    expect(
      (await device.send(`${device.root}/deploymentBase/11/feedback`, { method: "POST", body })).status,
    ).toBe(200);
    const { outcomes } = await fleet.observe("rollout-1:2.0.0", { limit: 1 });
    expect(outcomes).toMatchObject([{ state: "failed", message: "ERROR\n: no image" }]);
  });

  it.each([
    ["not JSON", "{"],
    ["another shape", { status: "closed" }],
    ["an unknown execution", { status: { execution: "exploded", result: { finished: "none" } } }],
  ])("answers 400 to feedback that is %s, and changes nothing", async (_, body) => {
    const { fleet, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    await device.deployment();
    const answer = await device.send(`${device.root}/deploymentBase/11/feedback`, { method: "POST", body });
    expect([answer.status, answer.json.error.code]).toEqual([400, "malformed-body"]);
    expect((await fleet.observe("rollout-1:2.0.0", { limit: 1 })).outcomes).toMatchObject([
      { state: "retrieved" },
    ]);
  });

  it("refuses a report of too many attributes in parts", async () => {
    const { addDevice } = await startedFleet();
    const device = await addDevice("d1");
    const data = (from: number) =>
      Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${from + n}`, "v"]));
    expect((await device.attributes(data(0))).status).toBe(200);
    expect((await device.attributes(data(60))).status).toBe(429);
    expect((await device.attributes(data(20))).status).toBe(200);
  });

  it("keeps the latest 200 events of a device that talks a lot", async () => {
    const { fleet, addDevice, give } = await startedFleet();
    const device = await addDevice("d1");
    await give("2.0.0", ["d1"]);
    const { id } = await device.deployment();
    for (let n = 0; n < 60; n += 1) {
      await Promise.all(
        Array.from({ length: 10 }, (_, k) =>
          device.feedback("deploymentBase", id, "proceeding", "none", [`${n}.${k}`]),
        ),
      );
    }
    await device.feedback("deploymentBase", id, "closed", "success", ["the end"]);
    const history = await fleet.history("d1");
    expect(history).toHaveLength(200);
    expect(history.at(-1)).toMatchObject({
      kind: "succeeded",
      message: "the end",
      assignmentId: "rollout-1:2.0.0",
    });
  });
});
