// One turn of the loop over a fleet of a million devices at the embedded server, of which ten thousand are
// next: how long it takes, how many requests, how much memory here and there, against asking the server
// for the same devices and doing nothing with them.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { hash } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/base/clock.ts";
import { EmbeddedFleet } from "../src/fleet/embedded/embedded-fleet.ts";
import { advance } from "../src/rollout/advance.ts";
import type { RolloutState } from "../src/rollout/engine/state.ts";
import { DirectoryJournals } from "../src/rollout/journal/directory/directory-journals.ts";
import { listAllDevices } from "../src/rollout/observe-field.ts";
import type { RolloutPorts } from "../src/rollout/rollout-ports.ts";
import { startRollout } from "../src/rollout/start-rollout.ts";
import type { ArtifactStore } from "../src/storage/artifact-store.ts";
import { fanConfig, planOf, stage, version, wave } from "../test/support/fan-rollout.ts";
import { reportFigure } from "./figure.ts";

const bench = "advance-million";
const deviceCount = Number(process.argv[2] ?? 1_000_000);
const eligiblePercent = 1;

const home = mkdtempSync(join(tmpdir(), "iotctl-bench-"));
const fleetDir = join(home, "fleet");
const fillFleet = fileURLToPath(new URL("support/fill-fleet.ts", import.meta.url));
const serveFleet = fileURLToPath(new URL("../test/support/serve-fleet.ts", import.meta.url));

let requests = 0;
subscribe("http.client.request.start", () => requests++);

const blobs = new Map(
  ["image", "statement"].map((name) => {
    const bytes = Buffer.from(`${name} of the bench`);
    return [`sha256:${hash("sha256", bytes)}`, bytes];
  }),
);
const [imageDigest = "", statementDigest = ""] = blobs.keys();
const image = {
  filename: "fan.bin",
  digest: imageDigest,
  sizeBytes: blobs.get(imageDigest)!.length,
  hardware: "a1",
};
const {
  planDigest: _,
  rolloutId: __,
  rulesVersion: ___,
  ...config
} = fanConfig({
  plan: planOf("introduce fan 2.0.0"),
  attestationDigest: statementDigest,
  stages: [stage("few", { waves: [wave({ kind: "percent", percent: eligiblePercent }, 0)] })],
});
const fan = version("firmware", "2.0.0", { artifacts: [image] });
const resolved = { ...config.resolved, components: { fan } };

/** Peak resident memory of a process in MiB. */
function peakMiB(pid: number | undefined): number {
  return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

const running: ChildProcess[] = [];
try {
  execFileSync(process.execPath, [fillFleet, fleetDir, String(deviceCount), "a1", "1.9.4"]);
  const server = spawn(process.execPath, [serveFleet, fleetDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(server);
  const [url] = await once(server.stdout, "data");
  const token = readFileSync(join(fleetDir, "control-token"), "utf8").trim();
  const fleet = new EmbeddedFleet({ url: String(url).trim(), token });
  const ports: RolloutPorts = {
    fleet,
    clock: systemClock,
    // The release has neither apps nor services.
    storefront: null as never,
    services: null as never,
    store: {
      async *openBlob(digest: string) {
        yield blobs.get(digest)!;
      },
    } satisfies Partial<ArtifactStore> as unknown as ArtifactStore,
  };
  const journal = await startRollout(
    new DirectoryJournals(join(home, "rollouts"), systemClock),
    { ...config, resolved },
    Date.now(),
  );

  const timed = async <T>(work: () => Promise<T>): Promise<{ seconds: number; sent: number; value: T }> => {
    const [startMs, before] = [performance.now(), requests];
    const value = await work();
    return { seconds: (performance.now() - startMs) / 1000, sent: requests - before, value };
  };
  const report = (figure: string, value: number, unit: string, more = {}): void =>
    reportFigure({ bench, figure, value, unit, n: 1, ...more });

  const devices = `${deviceCount.toLocaleString("en")} devices`;
  const against = `listing ${devices}`;
  const listed = await timed(() => listAllDevices(fleet));
  if (listed.value.length !== deviceCount) throw new Error(`${listed.value.length} devices were listed`);
  listed.value.length = 0;
  report(against, listed.seconds, "s");
  report(`${against}, requests`, listed.sent, "requests");
  const serverMiB = peakMiB(server.pid);
  report(`${against}, peak memory here`, peakMiB(process.pid), "MiB");
  for (const figure of ["that gives the update to those who are next", "at which nothing is new"]) {
    const turn = await timed<RolloutState>(() => advance(journal, ports));
    const given = Object.values(turn.value.devices).length;
    if (
      turn.value.pending.length > 0 ||
      Math.abs(given - (deviceCount * eligiblePercent) / 100) > deviceCount / 500
    )
      throw new Error(`${given} devices were given the update`);
    const what = `one turn over ${devices} ${figure} (${given.toLocaleString("en")})`;
    report(what, turn.seconds, "s", { against, ratio: turn.seconds / listed.seconds });
    report(`${what}, requests`, turn.sent, "requests", { against, ratio: turn.sent / listed.sent });
  }
  report("peak memory here", peakMiB(process.pid), "MiB");
  const memory = { against: "after listing", ratio: peakMiB(server.pid) / serverMiB };
  report("server, peak memory", peakMiB(server.pid), "MiB", memory);
} finally {
  for (const child of running) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
