import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { type DemoDevice, factoryImageFile } from "./demo-fleet.ts";

export interface DemoAgent {
  readonly device: DemoDevice;
  /** Where phones reach it. */
  readonly linkUrl: string;
  /** Where its firmware answers. */
  readonly payloadUrl: string;
}

export interface DemoAgents {
  readonly agents: readonly DemoAgent[];
  stop(): Promise<void>;
}

/** Starts one real `iotctl agent run` process for each device. */
export async function startDemoAgents(options: {
  readonly dir: string;
  readonly serverUrl: string;
  readonly trustedKeyFile: string;
  readonly devices: readonly { readonly device: DemoDevice; readonly token: string }[];
  /** The script that is `iotctl`. */
  readonly entry: string;
}): Promise<DemoAgents> {
  const stop = new AbortController();
  const agents: DemoAgent[] = [];
  const running: Promise<unknown>[] = [];
  for (const { device, token } of options.devices) {
    const dir = join(options.dir, "devices", device.id);
    const tokenFile = join(options.dir, `${device.id}.token`);
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
    const [payloadPort, linkPort] = [await freePort(), await freePort()];
    const args = [
      ["agent", "run", "--server", options.serverUrl, "--id", device.id, "--token-file", tokenFile],
      ["--hardware", device.hardware, "--dir", dir, "--trusted-key", options.trustedKeyFile],
      ["--payload-port", String(payloadPort), "--link-port", String(linkPort)],
      ["--factory-image", factoryImageFile(options.dir, device), "--factory-version", device.version],
    ].flat();
    running.push(
      execa(process.execPath, [options.entry, ...args], {
        cwd: options.dir,
        stdin: "ignore",
        stdout: { file: join(options.dir, `${device.id}.log`) },
        stderr: { file: join(options.dir, `${device.id}.log`), append: true },
        cancelSignal: stop.signal,
        forceKillAfterDelay: 3000,
        reject: false,
      }),
    );
    agents.push({
      device,
      linkUrl: `http://127.0.0.1:${linkPort}`,
      payloadUrl: `http://127.0.0.1:${payloadPort}`,
    });
  }
  return {
    agents,
    async stop() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

/** A port that nothing listens on now; the process that gets it takes it at once. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
