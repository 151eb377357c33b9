// A thousand virtual devices, each with a phone, through a release of an app and its firmware: how long
// it takes, what memory the server needs, and how many more polls it answers meanwhile, against a bare
// HTTP server beside the same fleet.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildProgram } from "../test/support/built-program.ts";
import { reportFigure } from "./figure.ts";
import { countPolls } from "./support/count-polls.ts";

const bench = "fleet-release";
const deviceCount = 1000;
const imageBytes = 256 * 1024;
const connections = 8;
const restMs = 5000;

const home = mkdtempSync(join(tmpdir(), "iotctl-bench-"));
const work = join(home, "work");
const running: ChildProcess[] = [];

/** Starts a process that stays; resolves with what it says first. */
async function start(script: string, line = ""): Promise<string> {
  const child = spawn(process.execPath, [script, ...line.split(" ")], {
    cwd: work,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`${script} ${line} ended`)));
  const said = await Promise.race([once(child.stdout, "data"), once(child.stderr, "data"), ended]);
  child.stdout.resume();
  child.stderr.resume();
  return String(said[0]);
}

/** Runs a command to its end and gives its result. */
async function run<T>(entry: string, ...args: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [entry, ...args, "--json"], {
    cwd: work,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`iotctl ${args.join(" ")} ended with ${code}: ${text}`);
  return (JSON.parse(text) as { data: T }).data;
}

/** Release n of an app and a firmware; the new firmware wants the new app, the old app the old firmware. */
function writeRelease(n: number): void {
  for (const name of ["app", "a", "b"])
    writeFileSync(join(work, `${name}-${n}.bin`), randomBytes(imageBytes));
  writeFileSync(
    join(work, "release.yaml"),
    `apiVersion: iotctl.dev/v1
kind: Release
product: lamp
version: ${n}.0.0
components:
  app:
    kind: app
    platform: android
    id: com.example.lamp
    version: ${n}.0.0
    artifact: app-${n}.bin
    requires: { lamp: ">=${n - 1}.0.0" }
  lamp:
    kind: firmware
    version: ${n}.0.0
    variants: { rev-a: a-${n}.bin, rev-b: b-${n}.bin }
    requires: { app: ">=${n}.0.0" }
known:
  app: { ${n - 1}.0.0: { requires: { lamp: "<${n}.0.0" } } }
  lamp: { ${n - 1}.0.0: {} }
rollout:
  stages:
    - { name: canary, devices: { label: ring=canary, max: 200 }, apps: 10%, bake: 2s, gates: [updated] }
    - { name: fleet, devices: 100%, apps: 100%, bake: 2s, gates: [updated] }
gates:
  updated: { measure: update-failure, limit: 2%, alpha: 0.05, deadline: 60s }
pairing: observed
`,
  );
}

/** Peak resident memory of a process in MiB. */
function peakMiB(pid: number): number {
  const kiB = /^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kiB) / 1024;
}

try {
  mkdirSync(work);
  const entry = await buildProgram(home);
  await start(entry, "fleet serve");
  await start(entry, "dev storefront --speed 21600 --adoption 1h --visits 6h");
  await start(
    entry,
    `dev fleet --devices ${deviceCount} --canaries 200 --hardware rev-a,rev-b --component lamp ` +
      "--version 1.0.0 --app app@1.0.0 --poll-interval 1s",
  );
  const { url, pid } = JSON.parse(readFileSync(join(work, ".iotctl/fleet/address.json"), "utf8")) as {
    url: string;
    pid: number;
  };
  const added = await run<{ devices: { token: string }[] }>(entry, "fleet", "add", "poller");
  const poller = {
    url: `${url}/DEFAULT/controller/v1/poller`,
    token: added.devices[0]?.token ?? "",
    connections,
  };
  for (let ready = 0; ready < deviceCount;) {
    const { devices } = await run<{ devices: { reportedVersion: string | null; pairedApps: object[] }[] }>(
      entry,
      "fleet",
      "devices",
    );
    ready = devices.filter(
      ({ pairedApps, reportedVersion }) => reportedVersion !== null && pairedApps.length > 0,
    ).length;
  }

  const release = async (n: number): Promise<number> => {
    writeRelease(n);
    const startMs = performance.now();
    const { rollout } = await run<{ rollout: { status: string; devices: { updated: number } } }>(
      entry,
      "release",
    );
    const seconds = (performance.now() - startMs) / 1000;
    if (rollout.devices.updated !== deviceCount)
      throw new Error(`only ${rollout.devices.updated} were updated`);
    return seconds;
  };
  const seconds = await release(2);
  reportFigure({
    bench,
    figure: `release to ${deviceCount} devices, 8 s of it baking`,
    value: seconds,
    unit: "s",
    n: 1,
  });
  reportFigure({ bench, figure: "server, peak memory", value: peakMiB(pid), unit: "MiB", n: 1 });

  const releasing = new AbortController();
  const [duringRelease] = await Promise.all([
    countPolls({ ...poller, until: releasing.signal }),
    release(3).finally(() => releasing.abort()),
  ]);
  const between = await countPolls({ ...poller, until: AbortSignal.timeout(restMs) });
  const port = (await start(fileURLToPath(new URL("support/bare-server.ts", import.meta.url)))).trim();
  const bare = await countPolls({
    ...poller,
    url: `http://127.0.0.1:${port}/`,
    until: AbortSignal.timeout(restMs),
  });
  const against = "node:http, constant answer, beside the resting fleet";
  reportFigure({ bench, figure: against, value: bare, unit: "polls/s", n: 1 });
  for (const [figure, value] of [
    ["polls beside the release", duringRelease],
    ["polls beside the resting fleet", between],
  ] as const) {
    reportFigure({ bench, figure, value, unit: "polls/s", against, ratio: value / bare, n: 1 });
  }
} finally {
  for (const child of running) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
