// A controller that is killed at any write and run again: the rollout stands where it would have stood,
// and devices and stores were told what they would have been told, once.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { type Context, openContext } from "../../src/cli/context.ts";
import { advance, readRollout, tell } from "../../src/rollout/advance.ts";
import type { RolloutEvent } from "../../src/rollout/engine/events.ts";
import { startFleetServer } from "../../src/server/fleet-server.ts";
import { startStorefrontServer } from "../../src/simulation/storefront-server.ts";
import { DdiDevice } from "../support/ddi-device.ts";
import { devEntry, runIotctl } from "../support/run-iotctl.ts";
import { smallRelease, writeSmallRelease } from "../support/small-release.ts";

const killer = fileURLToPath(new URL("../support/kill-at-write.mjs", import.meta.url));
const rolloutId = "lamp-1.0.0";
const given = `assigned ${rolloutId}:lamp@1.2.0`;
const deviceIds = Array.from({ length: 12 }, (_, index) => `lamp-${index}`);
/** Of the moments of one command at most so many are tried, spread evenly; each takes about half a second. */
const killsMax = 16;

const manifest = smallRelease
  .replace("1.1.0: {}", "1.1.0: { variants: { l1: build/lamp-l1.bin } }")
  .replace("limit: 2%, alpha: 0.05", "limit: 40%, alpha: 0.2")
  .replace("bake: 1h", "bake: 0s")
  .concat("on-failure: rollback\n");

/** A workspace with a fleet server and a storefront of its own, both within this process. */
class World {
  readonly dir: string;
  readonly context: Context;
  readonly serverUrl: string;
  readonly #close: () => Promise<void>;

  private constructor(dir: string, context: Context, serverUrl: string, close: () => Promise<void>) {
    this.dir = dir;
    this.context = context;
    this.serverUrl = serverUrl;
    this.#close = close;
  }

  static async open(from: string | null): Promise<World> {
    const dir = mkdtempSync(join(tmpdir(), "iotctl-kill-"));
    if (from !== null) cpSync(from, dir, { recursive: true });
    const clock = systemClock;
    const server = await startFleetServer({ dir: join(dir, ".iotctl/fleet"), pollIntervalMs: 1000, clock });
    const store = await startStorefrontServer({
      dir: join(dir, ".iotctl/storefront"),
      clock,
      random: seededRandom(1),
      timeScale: 1,
      adoptionMeanMs: 3_600_000,
      visitIntervalMs: 3_600_000,
      eagerPercent: 0,
      reviewDelayMs: 0,
    });
    const context = await openContext({ envName: "local", cwd: dir, env: {} });
    return new World(dir, context, server.url, async () => {
      await server.close();
      await store.close();
    });
  }

  /** Ends the servers; what they keep stays, for others to begin from. */
  async close(): Promise<void> {
    await this.#close();
  }

  async remove(): Promise<void> {
    await this.#close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Turns the loop until nothing more comes of it. */
  async settle(event?: RolloutEvent): Promise<void> {
    const journal = (await this.context.journals()).open(rolloutId);
    const said = (await readRollout(journal)).status;
    if (event && said !== "aborted") await tell(journal, event, Date.now());
    for (let turn = 0; turn < 3; turn++) await advance(journal, await this.context.rolloutPorts());
  }

  /** The rollout without its times, and what devices and stores have been told. */
  async outcome() {
    const journal = (await this.context.journals()).open(rolloutId);
    const { config: _, ...state } = await readRollout(journal);
    const fleet = await this.context.fleet();
    const told: Record<string, string[]> = {};
    for (const id of deviceIds) {
      told[id] = (await fleet.history(id)).map(({ assignmentId, kind }) => `${kind} ${assignmentId}`);
    }
    const { releases } = await (await this.context.storefront()).status("app");
    return withoutTimes({ state, told, releases });
  }
}

function withoutTimes(value: object): object {
  return JSON.parse(
    JSON.stringify(value, (key, each: unknown) => (/AtMs$|^sinceMs$/.test(key) ? null : each)),
  ) as object;
}

/** Runs a command that is to be killed at a moment; 0: at none. Gives how it ended and the moments it came through. */
function runKilled(dir: string, argv: readonly string[], killAt: number) {
  const points = join(dir, "kill-points.json");
  return new Promise<{ signal: string | null; names: string[] }>((resolve, reject) => {
    const env = { ...process.env, NODE_ENV: "production", KILL_AT: String(killAt), KILL_POINTS: points };
    execFile(
      process.execPath,
      ["--import", killer, devEntry, ...argv],
      { cwd: dir, env },
      (error, _out, said) => {
        const signal = error?.signal ?? null;
        if (killAt > 0) resolve({ signal, names: [] });
        else if (signal !== null || (error && error.code !== 4 && error.code !== 5)) reject(new Error(said));
        else resolve({ signal, names: JSON.parse(readFileSync(points, "utf8")) as string[] });
      },
    );
  });
}

/** A command from a prepared state, unkilled and then killed at each of its moments. */
async function expectSameWhereverKilled(prepared: string, argv: readonly string[], event?: RolloutEvent) {
  const whole = await World.open(prepared);
  const { names } = await runKilled(whole.dir, argv, 0);
  await whole.settle(event);
  const expected = await whole.outcome();
  await whole.remove();
  const step = Math.max(1, names.length / killsMax);
  const moments = Array.from(
    { length: Math.floor(names.length / step) },
    (_, index) => Math.floor(index * step) + 1,
  );
  const tryNext = async (): Promise<void> => {
    for (let killAt = moments.shift(); killAt !== undefined; killAt = moments.shift()) {
      const world = await World.open(prepared);
      const { signal } = await runKilled(world.dir, argv, killAt);
      expect(signal, `killed at ${names[killAt - 1]}`).toBe("SIGKILL");
      await world.settle(event);
      expect(await world.outcome(), `after a kill at moment ${killAt}, ${names[killAt - 1]}`).toEqual(
        expected,
      );
      await world.remove();
    }
  };
  await Promise.all([tryNext(), tryNext()]);
  return { names, outcome: expected };
}

const prepared = { begun: "", assigned: "", failing: "" };
const aborted: RolloutEvent = { type: "aborted", by: "ann", reason: "wrong build" };

beforeAll(async () => {
  const begun = await World.open(null);
  writeSmallRelease(begun.dir, manifest);
  const fleet = await begun.context.fleet();
  const registered = await fleet.registerDevices(deviceIds.map((id) => ({ id, hardware: "l1" })));
  const tokens = new Map(registered.map(({ id, token }) => [id, token]));
  const devicesOf = ({ serverUrl }: World) =>
    deviceIds.map((id) => new DdiDevice(serverUrl, id, tokens.get(id) ?? ""));
  for (const device of devicesOf(begun)) await device.attributes({ "iotctl.version": "1.1.0" });
  const { exitCode, stderr } = await runIotctl(["release", "--detach"], { cwd: begun.dir });
  if (exitCode !== 4) throw new Error(stderr);
  await begun.close();

  const assigned = await World.open(begun.dir);
  await assigned.settle();
  await assigned.close();

  const failing = await World.open(assigned.dir);
  for (const [index, device] of devicesOf(failing).entries()) {
    const action = (await device.deployment()).id;
    const good = index < 3;
    await device.feedback("deploymentBase", action, "closed", good ? "success" : "failure");
    if (good) await device.attributes({ "iotctl.version": "1.2.0" });
  }
  await failing.close();
  Object.assign(prepared, { begun: begun.dir, assigned: assigned.dir, failing: failing.dir });
}, 60_000);
afterAll(() => {
  for (const dir of Object.values(prepared)) rmSync(dir, { recursive: true, force: true });
});

describe("killed at any write and run again", { timeout: 90_000 }, () => {
  it("begins a rollout as if nothing had been", async () => {
    const { names, outcome } = await expectSameWhereverKilled(prepared.begun, ["rollout", "advance"]);
    expect(outcome).toMatchObject({
      state: { status: "running", exposed: { "app@2.0.0": 100 }, pending: [] },
    });
    const once = Object.fromEntries(
      deviceIds.map((id) => [id, [expect.anything(), expect.anything(), given]]),
    );
    expect(outcome).toMatchObject({ told: once });
    expect(names.filter((name) => / (POST|PUT) /.test(name))).toHaveLength(5);
  });

  it("goes back as if nothing had been", async () => {
    const { outcome } = await expectSameWhereverKilled(prepared.failing, ["rollout", "advance"]);
    expect(outcome).toMatchObject({
      state: { status: "rolling-back", failure: { gate: "updated" }, pending: [] },
    });
    const { told } = outcome as { told: Record<string, string[]> };
    const back = Object.values(told).map(
      (kinds) => kinds.filter((kind) => kind === `assigned ${rolloutId}:lamp@1.1.0:back`).length,
    );
    expect(back).toEqual(deviceIds.map((_, index) => (index < 3 ? 1 : 0)));
  });

  it("aborts as if nothing had been", async () => {
    const argv = ["rollout", "abort", "--by", "ann", "--reason", "wrong build"];
    const { outcome } = await expectSameWhereverKilled(prepared.assigned, argv, aborted);
    expect(outcome).toMatchObject({ state: { status: "aborted", pending: [] } });
  });
});
