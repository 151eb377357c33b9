import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { areInstalled, type PackagedServer, startPackagedServer, untilReady } from "./packaged-server.ts";

export interface StartedRadosgw {
  /** What speaks S3; buckets are in the path. */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}

const programs = ["ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin"];
const stepWithinMs = 20_000;

/**
 * Starts Ceph's S3 gateway with a monitor and one store in memory, on free ports of loopback: a
 * second or two. Null, and a line on stderr, where it is not installed. For `beforeAll`: the caller
 * stops it, and it ends with the tests at the latest.
 */
export async function startRadosgw(): Promise<StartedRadosgw | null> {
  if (!areInstalled(programs, ["ceph-mon", "ceph-osd", "radosgw"])) return null;
  const dir = mkdtempSync(join(tmpdir(), "iotctl-radosgw-"));
  const servers: PackagedServer[] = [];
  const stop = async (): Promise<void> => {
    // Whatever they hold is thrown away, so there is nothing to end in order.
    await Promise.all(servers.map((server) => server.stop("SIGKILL")));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    return { ...(await startAll(dir, servers)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(dir: string, servers: PackagedServer[]): Promise<Omit<StartedRadosgw, "stop">> {
  const [monPort, port] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const [accessKeyId, secretAccessKey] = ["journalist", randomUUID()];
  for (const name of ["mon", "osd", "rgw"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "ceph.conf"), configuration(dir, monPort, port));
  writeFileSync(join(dir, "keyring"), keyring());
  const run = (program: string, ...args: string[]): Promise<unknown> =>
    promisify(execFile)(program, ["-c", "ceph.conf", ...args], { cwd: dir, timeout: stepWithinMs });
  const start = (program: string, ...args: string[]): PackagedServer => {
    const server = startPackagedServer(program, ["-c", "ceph.conf", "-f", ...args], dir);
    servers.push(server);
    return server;
  };

  await run("monmaptool", "--create", "--addv", "a", `[v2:127.0.0.1:${monPort}]`, "monmap");
  await run("ceph-mon", "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring");
  start("ceph-mon", "-i", "a");
  const storeId = randomUUID();
  await run("ceph", "osd", "new", storeId, "0");
  await run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", storeId);
  start("ceph-osd", "-i", "0");
  await run("radosgw-admin", "user", "create", "--uid=journalist", "--display-name=journalist",
    `--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`); // prettier-ignore
  const gateway = start("radosgw", "-n", "client.admin");
  await untilReady(gateway, "radosgw", async () => (await fetch(url)).ok, stepWithinMs);
  return { url, accessKeyId, secretAccessKey };
}

/** One of everything, with no copies and no waiting for more changes before one is agreed upon. */
function configuration(dir: string, monPort: number, port: number): string {
  return `[global]
mon host = [v2:127.0.0.1:${monPort}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = ${dir}/keyring
run dir = ${dir}
mon data = ${dir}/mon
osd data = ${dir}/osd
rgw data = ${dir}/rgw
pid file =
admin socket =
log to file = false
mon cluster log to file = false
log to stderr = true
err to stderr = true
debug none = 0
debug rocksdb = 0
paxos propose interval = 0.01
paxos min wait = 0.01
mon data avail warn = 0
mon data avail crit = 0
mon allow pool size one = true
mon max pg per osd = 1000
osd objectstore = memstore
memstore device bytes = 268435456
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw thread pool size = 16
# So that every longer list comes in several pages.
rgw max listing results = 3
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
rgw enable usage log = false
`;
}

function keyring(): string {
  const everything = { mon: "allow *", osd: "allow *" };
  const caps = {
    "mon.": { mon: "allow *" },
    "client.admin": everything,
    "osd.0": { ...everything, mon: "allow profile osd" },
  };
  return Object.entries(caps)
    .map(([entity, allowed]) => {
      const lines = Object.entries(allowed).map(([service, what]) => `caps ${service} = "${what}"\n`);
      return `[${entity}]\nkey = ${cephKey()}\n${lines.join("")}`;
    })
    .join("");
}

/** A key as ceph-authtool makes it: type 1 (AES), time of creation, length, 16 random bytes. */
function cephKey(): string {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0]);
  return Buffer.concat([header, randomBytes(16)]).toString("base64");
}
