// The commands about devices, against a real fleet server in this process.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import DeviceLabel from "../../src/commands/device/label.ts";
import DeviceShow from "../../src/commands/device/show.ts";
import FleetAdd from "../../src/commands/fleet/add.ts";
import FleetDevices from "../../src/commands/fleet/devices.ts";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import { startFleetServer } from "../../src/server/fleet-server.ts";
import { runCommand } from "../support/run-command.ts";
import { workInTemporaryDirectory } from "../support/work-in-temporary-directory.ts";

async function startFleet(): Promise<void> {
  const dir = workInTemporaryDirectory();
  const server = await startFleetServer({
    dir: join(dir, ".iotctl/fleet"),
    pollIntervalMs: 60_000,
    clock: systemClock,
  });
  onTestFinished(() => server.close());
}

async function devices(...argv: string[]): Promise<readonly Device[]> {
  const { envelope } = await runCommand<{ devices: Device[] }>(FleetDevices, argv);
  return envelope.data?.devices ?? [];
}

describe("fleet and device", () => {
  test("add prints each token once, devices lists them without", async () => {
    await startFleet();
    const added = await runCommand<{ devices: { id: string; token: string }[] }>(FleetAdd, [
      "lamp-1",
      "lamp-2",
      "--hardware",
      "l1",
      "--label",
      "ring=canary",
    ]);
    const tokens = added.envelope.data?.devices.map(({ token }) => token) ?? [];
    expect(new Set(tokens).size).toBe(2);
    const listed = await runCommand(FleetDevices, []);
    expect(listed.stdout).toMatch(/^lamp-1 +l1 +- +- +ring=canary +never +-$/m);
    for (const token of tokens) expect(JSON.stringify(listed)).not.toContain(token);
  });

  test("add saves tokens to a file instead, and keeps those that are there", async () => {
    await startFleet();
    const first = await runCommand(FleetAdd, ["lamp-1", "--tokens-file", "tokens.json"]);
    await runCommand(FleetAdd, ["lamp-2", "--tokens-file", "tokens.json"]);
    const tokens = JSON.parse(readFileSync("tokens.json", "utf8")) as Record<string, string>;
    expect(Object.keys(tokens)).toEqual(["lamp-1", "lamp-2"]);
    expect(JSON.stringify(first)).not.toContain(tokens["lamp-1"]);
  });

  test("add with a tokens file that cannot be used adds nothing", async () => {
    await startFleet();
    await expect(runCommand(FleetAdd, ["lamp-1", "--tokens-file", "."])).rejects.toMatchObject({
      code: "IOT_FILE_UNREADABLE",
    });
    expect(await devices()).toEqual([]);
  });

  test("labels are set, removed and filtered by", async () => {
    await startFleet();
    await runCommand(FleetAdd, ["lamp-1", "lamp-2", "--label", "site=lab"]);
    await runCommand(DeviceLabel, ["lamp-1", "ring=canary", "site-"]);
    expect((await devices("--label", "ring=canary")).map(({ id }) => id)).toEqual(["lamp-1"]);
    expect((await devices("--label", "site=lab")).map(({ id }) => id)).toEqual(["lamp-2"]);
    expect(await devices("--label", "site=lab", "--label", "ring=canary")).toEqual([]);
  });

  test("show tells what happened to a device", async () => {
    await startFleet();
    await runCommand(FleetAdd, ["lamp-1"]);
    await runCommand(DeviceLabel, ["lamp-1", "ring=canary"]);
    const { stdout } = await runCommand(DeviceShow, ["lamp-1"]);
    expect(stdout).toMatch(/registered[\s\S]*labels/);
  });

  test("a device that is not there, and one that is there already", async () => {
    await startFleet();
    await expect(runCommand(DeviceShow, ["nobody"])).rejects.toMatchObject({
      code: "IOT_FLEET_DEVICE_UNKNOWN",
    });
    await runCommand(FleetAdd, ["lamp-1"]);
    await expect(runCommand(FleetAdd, ["lamp-1"])).rejects.toMatchObject({ code: "IOT_FLEET_REFUSED" });
  });

  test("without a server they say how to start one", async () => {
    workInTemporaryDirectory();
    await expect(runCommand(FleetDevices, [])).rejects.toMatchObject({
      code: "IOT_SERVER_NOT_STARTED",
      hints: ["iotctl fleet serve"],
    });
  });
});
