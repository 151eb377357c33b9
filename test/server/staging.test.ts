import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import { migrations } from "../../src/server/schema.ts";
import { imageHref } from "../support/ddi-device.ts";
import { httpExchange } from "../support/http-exchange.ts";
import { firmware, startedFleet } from "../support/started-fleet.ts";

/** A device to which 2.0.0 is staged under `s`. */
async function stagedTo(deviceId: string) {
  const started = await startedFleet();
  const { fleet, addDevice } = started;
  const device = await addDevice(deviceId);
  const { assignment, image, attestation } = firmware("2.0.0");
  await fleet.ensureArtifact(image);
  await fleet.ensureAttestation(attestation);
  await fleet.stage({ ...assignment, id: "s" }, [deviceId]);
  const outcome = async (id = "s") => (await fleet.observe(id, { limit: 10 })).outcomes[0];
  return { ...started, device, assignment, outcome };
}

describe("a staged assignment", () => {
  it("is offered as hawkBit offers a download-only action, and an ordinary one as before", async () => {
    const { device, fleet, assignment } = await stagedTo("d1");
    const staged = await device.deployment();
    expect(staged.deployment).toMatchObject({ download: "forced", update: "skip" });
    expect(staged.deployment).not.toHaveProperty("maintenanceWindow");
    expect((await device.send(imageHref(staged))).body.toString()).toBe("image of fan 2.0.0\n");
    await device.feedback("deploymentBase", staged.id, "downloaded", "success");
    await fleet.assign({ ...assignment, id: "a" }, ["d1"]);
    const ordinary = await device.deployment();
    expect(ordinary.id).not.toBe(staged.id);
    expect(ordinary.deployment).toMatchObject({ download: "forced", update: "forced" });
  });

  it("ends with `downloaded`, is history as such, and is never what the device has installed", async () => {
    const { device, fleet, outcome } = await stagedTo("d1");
    await device.attributes({ [deviceAttribute.version]: "1.9.4" });
    const { id } = await device.deployment();
    expect(await outcome()).toMatchObject({ state: "retrieved", closedAtMs: null });
    await device.feedback("deploymentBase", id, "download");
    expect(await outcome()).toMatchObject({ state: "downloading", closedAtMs: null });
    expect((await device.feedback("deploymentBase", id, "downloaded", "none", "it is here")).status).toBe(
      200,
    );
    expect(await outcome()).toMatchObject({
      state: "succeeded",
      message: "it is here",
      reportedVersion: "1.9.4",
    });
    // What it runs is asked again, and nothing else is left of the action.
    expect(Object.keys(await device.links())).toEqual(["configData"]);
    expect((await device.send(`${device.root}/installedBase/${id}`)).status).toBe(404);
    expect((await device.send(`${device.root}/deploymentBase/${id}`)).status).toBe(404);
    const kinds = (await fleet.history("d1")).map(({ kind, assignmentId }) => [kind, assignmentId]);
    expect(kinds.slice(-1)).toEqual([["staged", "s"]]);
    expect(await fleet.getDevice("d1")).toMatchObject({ reportedVersion: "1.9.4", activeAssignmentId: null });
  });

  it("is carried through by rauc-hawkbit-updater, word for word", async () => {
    const { device, outcome } = await stagedTo("d1");
    const { id } = await device.deployment();
    const words = [
      ["proceeding", "none", "Download complete. 12.00 MB/s"],
      ["downloaded", "success", "File checksum OK."],
    ] as const;
    expect(await outcome()).toMatchObject({ closedAtMs: null });
    for (const [execution, finished, message] of words) {
      expect((await device.feedback("deploymentBase", id, execution, finished, [message])).status).toBe(200);
      expect((await outcome())?.state).toBe(finished === "none" ? "downloading" : "succeeded");
    }
    expect(await outcome()).toMatchObject({ message: "File checksum OK." });
  });

  it("keeps what is installed apart from what is staged", async () => {
    const { device, fleet, assignment } = await stagedTo("d1");
    await device.feedback("deploymentBase", (await device.deployment()).id, "downloaded", "success");
    await fleet.assign({ ...assignment, id: "a" }, ["d1"]);
    const { id } = await device.deployment();
    await device.feedback("deploymentBase", id, "closed", "success");
    const { installedBase } = await device.links();
    expect(installedBase).toMatch(new RegExp(`/installedBase/${id}$`));
    await fleet.stage({ ...assignment, id: "s2" }, ["d1"]);
    await device.feedback("deploymentBase", (await device.deployment()).id, "closed", "success");
    expect((await device.links())["installedBase"]).toBe(installedBase);
  });

  it("takes the closing word of a client that said `downloaded` before, and changes nothing for it", async () => {
    const { device, outcome } = await stagedTo("d1");
    const { id } = await device.deployment();
    await device.feedback("deploymentBase", id, "downloaded", "success", "first");
    const ended = await outcome();
    for (const finished of ["success", "failure"] as const) {
      expect((await device.feedback("deploymentBase", id, "closed", finished)).status).toBe(200);
    }
    expect({ ...(await outcome()), lastContactAtMs: 0 }).toEqual({ ...ended, lastContactAtMs: 0 });
    expect((await device.feedback("deploymentBase", id, "proceeding")).status).toBe(410);
  });

  it("is a failure of a client that skips without a download", async () => {
    const { device, outcome } = await stagedTo("d1");
    const { id } = await device.deployment();
    await device.feedback("deploymentBase", id, "closed", "success", ["Skipped Update."]);
    expect(await outcome()).toMatchObject({ state: "failed", message: "Skipped Update." });
  });

  it("that a device still reports while it is asked to cancel has succeeded", async () => {
    const { device, fleet, outcome } = await stagedTo("d1");
    const { id } = await device.deployment();
    expect(await fleet.cancel("s")).toEqual({ canceled: [], requested: ["d1"] });
    await device.feedback("deploymentBase", id, "downloaded", "success");
    expect(await outcome()).toMatchObject({ state: "succeeded" });
    expect(await device.links()).not.toHaveProperty("cancelAction");
  });

  it("is told apart from an ordinary one of the same content", async () => {
    const { fleet, assignment, addDevice } = await stagedTo("d1");
    await addDevice("d2");
    await expect(fleet.assign({ ...assignment, id: "s" }, ["d2"])).rejects.toMatchObject({
      code: "IOT_FLEET_REFUSED",
      details: { status: 409, reason: "assignment-differs" },
    });
    await fleet.assign({ ...assignment, id: "a" }, ["d2"]);
    await expect(fleet.stage({ ...assignment, id: "a" }, ["d2"])).rejects.toThrow(
      "a exists with another content",
    );
  });

  it("is not made without the token, a body or its artifacts", async () => {
    const { server, fleet } = await startedFleet();
    const path = "/api/v1/assignments/s/staged";
    expect((await httpExchange(server.url, path, { method: "PUT", body: "{}" })).status).toBe(401);
    const headers = { authorization: `Bearer ${server.controlToken}` };
    expect((await httpExchange(server.url, path, { method: "PUT", body: "{}", headers })).status).toBe(400);
    await expect(fleet.stage(firmware("2.0.0").assignment, ["d1"])).rejects.toThrow("was not uploaded");
  });
});

it("a database from before staging is migrated in place, with its open actions", async () => {
  const before = await startedFleet();
  const device = await before.addDevice("d1");
  const assignment = await before.give("2.0.0", ["d1"]);
  const { id } = await device.deployment();
  await before.server.close();
  const path = join(before.dir, "fleet.db");
  const rows = takeOut(path);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  const old = new DatabaseSync(path);
  old.exec(`${migrations[0]}; PRAGMA user_version = 1`);
  for (const [table, all] of rows) {
    for (const row of all) {
      const names = Object.keys(row).filter((name) => name !== "staged");
      const insert = `INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => "?").join()})`;
      old.prepare(insert).run(...names.map((name) => row[name] ?? null));
    }
  }
  expect(() => old.prepare("SELECT staged FROM assignment")).toThrow("no such column");
  old.close();

  const after = await startedFleet({ dir: before.dir });
  const { outcomes } = await after.fleet.observe(assignment.id, { limit: 10 });
  expect(outcomes).toMatchObject([{ deviceId: "d1", state: "retrieved" }]);
  // The same assignment again is the same assignment, and its device goes on with it.
  expect(await after.fleet.assign(assignment, ["d1"])).toEqual({ assigned: ["d1"], refused: [] });
  const address = { authorization: `TargetToken ${device.token}` };
  const offered = await httpExchange(after.server.url, `${device.root}/deploymentBase/${id}`, {
    headers: address,
  });
  expect(offered.json.deployment).toMatchObject({ download: "forced", update: "forced" });
  await after.addDevice("d2");
  expect(await after.fleet.stage({ ...assignment, id: "s" }, ["d2"])).toMatchObject({ assigned: ["d2"] });
  await after.server.close();
  const version = new DatabaseSync(path, { readOnly: true }).prepare("PRAGMA user_version").get();
  expect(version).toEqual({ user_version: migrations.length });
});

type Row = Record<string, string | number | null>;

/** Every row of every table, parents first. */
function takeOut(path: string): readonly (readonly [string, readonly Row[]])[] {
  const database = new DatabaseSync(path);
  const tables = ["device", "contact", "artifact", "assignment", "action", "event"];
  const rows = tables.map(
    (table) => [table, database.prepare(`SELECT * FROM ${table}`).all() as Row[]] as const,
  );
  database.close();
  return rows;
}
