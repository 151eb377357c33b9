import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openAppLink } from "../../src/agent/app-link.ts";
import { randomInteger, seededRandom } from "../../src/base/random.ts";
import { LocalStorefront } from "../../src/storefronts/local/local-storefront.ts";
import { Rehearsal } from "../../src/storefronts/local/rehearsal.ts";

const script = fileURLToPath(new URL("../support/storefront-process.ts", import.meta.url));
const component = "app";
const phoneCount = 300;
const children: ChildProcess[] = [];
let dir = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "iotctl-storefront-"));
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(dir, { recursive: true });
});

async function startProcess(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [script, dir], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const died = once(child, "exit").then(([code]) => {
    throw new Error(`the storefront ended with ${code}`);
  });
  died.catch(() => {});
  const [url] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), died]);
  return { child, url: String(url) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) throw new Error(`the storefront ended with ${child.exitCode}`);
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Takes every visit and holds that no phone ever says a lower version than it said before. */
async function startDevices(): Promise<{ url: string; downgrades: string[]; close: () => Promise<void> }> {
  const said = new Map<string, number>();
  const downgrades: string[] = [];
  const link = await openAppLink({
    port: 0,
    log: () => {},
    receive: async ({ device, phone, version }) => {
      const minor = Number(version.split(".")[1]);
      if (minor < (said.get(phone) ?? 0)) downgrades.push(`${phone}: ${said.get(phone)} -> ${minor}`);
      said.set(phone, minor);
      return { device, component: "fan", version: "1.0.0", hardware: "a", answering: true };
    },
  });
  return { url: link.url, downgrades, close: () => link.close() };
}

/** Publishes and exposes version after version until the storefront is gone, noting what was answered. */
async function writeUntilKilled(url: string, acknowledged: Map<string, number>): Promise<void> {
  const storefront = new LocalStorefront({ url, timeoutMs: 1000 });
  try {
    for (;;) {
      const version = `1.${acknowledged.size + 1}.0`;
      const digest = `sha256:${"0".repeat(64)}`;
      await storefront.publish({ component, platform: "android", appId: "a.b", version, digest });
      acknowledged.set(version, 0);
      for (const percent of [10, 60, 100]) {
        await storefront.expose(component, version, percent);
        acknowledged.set(version, percent);
      }
    }
  } catch (error) {
    expect(error).toMatchObject({ code: "IOT_STOREFRONT_UNREACHABLE" });
  }
}

it("keeps what it answered, and what its phones have shown, when it is killed at any moment", async () => {
  const random = seededRandom(20261122);
  const devices = await startDevices();
  const acknowledged = new Map<string, number>();
  let { child, url } = await startProcess();
  await new Rehearsal({ url }).setLinks([{ url: devices.url, devices: "*" }]);
  await new Rehearsal({ url }).setPhones(
    Array.from({ length: phoneCount }, (_, index) => ({
      id: `phone-${index}`,
      component,
      version: "1.0.0",
      device: `device-${index}`,
    })),
  );

  for (let round = 0; round < 4; round++) {
    const writing = writeUntilKilled(url, acknowledged);
    await new Promise((resolve) => setTimeout(resolve, randomInteger(random, 30, 400)));
    await kill(child);
    ({ child, url } = await startProcess());
    await writing;

    const status = await new LocalStorefront({ url }).status(component);
    for (const [version, percent] of acknowledged) {
      const kept = status.releases.find((release) => release.version === version);
      expect(kept?.percent, version).toBeGreaterThanOrEqual(percent);
    }
    expect(status.installed!.reduce((total, { users }) => total + users, 0)).toBe(phoneCount);
  }
  await kill(child);
  await devices.close();
  expect(acknowledged.size).toBeGreaterThan(4);
  expect(devices.downgrades).toEqual([]);
});
