import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import type { Device } from "../../src/fleet/fleet-backend.ts";
import { runIotctlJson } from "./run-iotctl.ts";
import { type BackgroundIotctl, startIotctl } from "./start-iotctl.ts";

/** A fleet server, an app store and virtual devices, each a process of its own, in an empty directory. */
export class RehearsedFleet {
  readonly cwd = mkdtempSync(join(tmpdir(), "iotctl-rehearsed-"));
  readonly #timeoutMs: number;
  readonly #running: BackgroundIotctl[] = [];

  /** `timeoutMs` bounds each command that is typed. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Starts everything and waits until all `count` devices have said that they run `version`. */
  async start(devices: {
    readonly count: number;
    readonly version: string;
    readonly options: string;
  }): Promise<void> {
    const { count, options, version } = devices;
    await this.#start("fleet serve", /listens on/);
    await this.#start("dev storefront --speed 21600", /listens on/);
    await this.#start(
      `dev fleet --devices ${count} --canaries 12 --version ${version} ${options}`,
      /virtual devices poll/,
    );
    const allReported = async () => (await this.reportedVersions())[version] === count;
    await vi.waitUntil(allReported, { timeout: 15_000, interval: 500 });
  }

  /** What a command says with `--json`. */
  async type<T>(...argv: readonly string[]) {
    return runIotctlJson<T>(argv, { cwd: this.cwd, timeoutMs: this.#timeoutMs });
  }

  /** How many devices say that they run which version. */
  async reportedVersions(): Promise<Record<string, number>> {
    const { data } = await this.type<{ devices: readonly Device[] }>("fleet", "devices");
    const counts = Map.groupBy(data!.devices, ({ reportedVersion }) => reportedVersion ?? "none");
    return Object.fromEntries([...counts].map(([version, devices]) => [version, devices.length]));
  }

  async stop(): Promise<void> {
    for (const command of this.#running.toReversed()) await command.stop();
    rmSync(this.cwd, { recursive: true, force: true });
  }

  async #start(line: string, ready: RegExp): Promise<void> {
    this.#running.push(await startIotctl(line.split(" "), { cwd: this.cwd, ready }));
  }
}
