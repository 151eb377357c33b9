import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export interface FleetProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** `kill -9`, and waits until the process is gone. */
  kill(): Promise<void>;
}

/** Starts a fleet server in a process of its own. Throws what it said when it does not start. */
export async function fleetProcess(dir: string, port = 0): Promise<FleetProcess> {
  const script = fileURLToPath(new URL("serve-fleet.ts", import.meta.url));
  const child = spawn(process.execPath, [script, dir, String(port)], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  const url = await Promise.race([
    once(child.stdout, "data").then(([chunk]) => String(chunk).trim()),
    exited.then(() => {
      throw new Error(said);
    }),
  ]);
  return { url, child, kill };
}
