import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { startFleetServer } from "../../src/server/fleet-server.ts";
import { fleetProcess } from "../support/fleet-process.ts";
import { httpExchange } from "../support/http-exchange.ts";
import { firmware, startedFleet } from "../support/started-fleet.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const start = (dir: string, more: object = {}) =>
  startFleetServer({ dir, pollIntervalMs: 1000, clock: systemClock, ...more });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("the fleet server's life", () => {
  it("says where it listens and keeps its token for the owner alone", async () => {
    const { dir, server } = await startedFleet();
    expect(JSON.parse(readFileSync(join(dir, "address.json"), "utf8"))).toEqual({
      url: server.url,
      pid: process.pid,
    });
    expect(readFileSync(join(dir, "control-token"), "utf8")).toBe(`${server.controlToken}\n`);
    expect(statSync(join(dir, "control-token")).mode & 0o777).toBe(0o600);
    await server.close();
    await server.close();
    expect(existsSync(join(dir, "address.json"))).toBe(false);
  });

  it("comes back with the same token and the same devices", async () => {
    const first = await startedFleet();
    const device = await first.addDevice("d1");
    await first.server.close();
    const second = await startedFleet({ dir: first.dir });
    expect(second.server.controlToken).toBe(first.server.controlToken);
    const answer = await httpExchange(second.server.url, device.root, {
      headers: { authorization: `TargetToken ${device.token}` },
    });
    expect(answer.status).toBe(200);
  });

  it("stores no token of a device", async () => {
    const { dir, server, addDevice } = await startedFleet();
    const device = await addDevice("d1");
    await server.close();
    const files = readdirSync(dir, { recursive: true, encoding: "utf8" }).map((name) => join(dir, name));
    const holding = files.filter(
      (path) => statSync(path).isFile() && readFileSync(path).includes(device.token),
    );
    expect(files).toContain(join(dir, "fleet.db"));
    expect(holding).toEqual([]);
  });

  it("refuses a directory that another server of this process uses", async () => {
    const { dir, server } = await startedFleet();
    const error = await thrownBy(() => start(dir));
    expect(error).toMatchObject({ code: "IOT_FLEET_DIR_IN_USE", exit: 6 });
    expect(error.message).toContain(server.url);
    await server.close();
    await (await start(dir)).close();
  });

  it("refuses a directory that another process uses, and takes it over once that was killed", async () => {
    const dir = temporaryDirectory();
    const other = await fleetProcess(dir);
    const error = await thrownBy(() => start(dir));
    expect(error).toMatchObject({
      code: "IOT_FLEET_DIR_IN_USE",
      details: { url: other.url, pid: other.child.pid },
    });
    await other.kill();
    expect(existsSync(join(dir, "address.json"))).toBe(true);
    await (await start(dir)).close();
  });

  it("comes back on the port that it had, where devices look for it", async () => {
    const dir = temporaryDirectory();
    const first = await start(dir);
    await first.close();
    const second = await start(dir);
    expect(second.url).toBe(first.url);
    await second.close();
    const taken = createServer();
    const port = Number(new URL(first.url).port);
    await new Promise<void>((resolve) => taken.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => void taken.close());
    const third = await start(dir);
    expect(third.url).not.toBe(first.url);
    expect((await httpExchange(third.url, "/api/v1/health")).status).toBe(200);
    await third.close();
    writeFileSync(join(dir, "last-port"), "99999");
    await (await start(dir)).close();
  });

  it("names a port that is in use and lets go of the directory", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const dir = temporaryDirectory();
    const error = await thrownBy(() => start(dir, { port }));
    expect(error).toMatchObject({ code: "IOT_PORT_IN_USE", exit: 2 });
    expect(error.message).toContain(String(port));
    await (await start(dir)).close();
  });

  it("listens no more when it could not say where", async () => {
    const dir = temporaryDirectory();
    mkdirSync(join(dir, "address.json"));
    const port = await freePort();
    await expect(start(dir, { port })).rejects.toThrow("address.json");
    await expect(httpExchange(`http://127.0.0.1:${port}`, "/api/v1/health")).rejects.toThrow("ECONNREFUSED");
    rmdirSync(join(dir, "address.json"));
    await (await start(dir, { port })).close();
  });

  it("names an address that is not this machine's", async () => {
    const error = await thrownBy(() => start(temporaryDirectory(), { host: "192.0.2.1" }));
    expect(error).toMatchObject({ code: "IOT_FLEET_ADDRESS_UNUSABLE", exit: 2 });
  });

  it("leaves a database of a newer iotctl alone", async () => {
    const dir = temporaryDirectory();
    await (await start(dir)).close();
    const path = join(dir, "fleet.db");
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    const before = readFileSync(path);
    expect(await thrownBy(() => start(dir))).toMatchObject({ code: "IOT_FLEET_DATABASE_NEWER", exit: 2 });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("says so when the database is not one", async () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, "fleet.db"), "x".repeat(5000));
    expect(await thrownBy(() => start(dir))).toMatchObject({
      code: "IOT_FLEET_DATABASE_UNREADABLE",
      exit: 2,
      hints: [expect.stringMatching(/^Move it away .*: mv /)],
    });
  });

  it("never tells to move a database away that is only out of reach", async () => {
    const blocked = temporaryDirectory();
    mkdirSync(join(blocked, "fleet.db"));
    const foreign = temporaryDirectory();
    const database = new DatabaseSync(join(foreign, "fleet.db"));
    database.exec("CREATE TABLE device (id TEXT)");
    database.close();
    for (const dir of [blocked, foreign]) {
      expect(await thrownBy(() => start(dir))).toMatchObject({
        code: "IOT_FLEET_DATABASE_UNREADABLE",
        hints: [`See whether it can be read and written: ls -l ${join(dir, "fleet.db")}`],
      });
    }
  });

  it("keeps a token that was put there beforehand", async () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, "control-token"), "chosen-by-the-operator\n");
    chmodSync(join(dir, "control-token"), 0o600);
    const server = await start(dir);
    onTestFinished(() => server.close());
    expect(server.controlToken).toBe("chosen-by-the-operator");
  });

  it("closes while devices poll and one holds a download without reading it", async () => {
    const { addDevice, fleet, server } = await startedFleet();
    const device = await addDevice("d1");
    const { assignment, image, attestation } = firmware("2.0.0", Buffer.alloc(50_000_000));
    await fleet.ensureArtifact(image);
    await fleet.ensureAttestation(attestation);
    await fleet.assign(assignment, ["d1"]);
    const path = `${device.root}/softwaremodules/11/artifacts/fan%20a1.bin`;
    const download = request(`${server.url}${path}`, {
      headers: { authorization: `TargetToken ${device.token}` },
    });
    const answer = new Promise<IncomingMessage>((resolve) => download.once("response", resolve));
    download.on("error", () => {}).end();
    (await answer).on("error", () => {});
    const polls = Array.from({ length: 20 }, () => device.send(device.root).catch(() => null));
    await server.close();
    await Promise.all(polls);
    await expect(device.send(device.root)).rejects.toThrow("ECONNREFUSED");
  });
});
