// Ctrl-C: long-running commands stop in good order, everything else ends with 130.
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test, vi } from "vitest";
import { repositoryRoot } from "../support/repository.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const devEntry = join(repositoryRoot, "bin/dev.js");

function start(argv: readonly string[], cwd: string) {
  const child = execa(process.execPath, [devEntry, ...argv], { cwd, reject: false, timeout: 25_000 });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "fleet serve and dev storefront stop in good order on %s",
  async (signal) => {
    const cwd = temporaryDirectory();
    for (const [argv, dir] of [
      [["fleet", "serve"], "fleet"],
      [["dev", "storefront"], "storefront"],
    ] as const) {
      const child = start(argv, cwd);
      await vi.waitUntil(() => existsSync(join(cwd, ".iotctl", dir, "address.json")), { timeout: 15_000 });
      child.kill(signal);
      const { exitCode, stdout } = await child;
      expect(exitCode).toBe(0);
      expect(stdout).toContain("has stopped");
      expect(existsSync(join(cwd, ".iotctl", dir, "address.json"))).toBe(false);
    }
  },
);

test("a command that waits for a server ends with 130", async () => {
  const cwd = temporaryDirectory();
  const silent = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  mkdirSync(join(cwd, ".iotctl/fleet"), { recursive: true });
  writeFileSync(
    join(cwd, ".iotctl/fleet/address.json"),
    JSON.stringify({ url: `http://127.0.0.1:${port}`, pid: 1 }),
  );
  writeFileSync(join(cwd, ".iotctl/fleet/control-token"), "token");
  const child = start(["fleet", "devices"], cwd);
  await once(silent, "connection");
  child.kill("SIGINT");
  const { exitCode, stdout } = await child;
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: "" });
});
