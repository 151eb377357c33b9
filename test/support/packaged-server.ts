import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";

/** A server of a Debian package, run by a test. */
export interface PackagedServer {
  /** The last of what it printed. */
  printed(): string;
  hasEnded(): boolean;
  /** Ends it for good; harmless when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Of util-linux: has the kernel end a program when the one that started it ends. */
const tether = "setpriv";
const printedLimit = 8_000;
const endsWithinMs = 5_000;

/** Whether all of these programs can be run; says on stderr which cannot. */
export function areInstalled(programs: readonly string[], debianPackages: readonly string[]): boolean {
  const missing = [tether, ...programs].filter((program) => !isInstalled(program));
  if (missing.length === 0) return true;
  process.stderr.write(
    `Not tested here: ${missing.join(", ")} not found (apt-get install ${debianPackages.join(" ")}).\n`,
  );
  return false;
}

/** Starts a program that ends with this process at the latest, even when that is killed. */
export function startPackagedServer(program: string, args: readonly string[], cwd: string): PackagedServer {
  const child = spawn(tether, ["--pdeathsig", "KILL", program, ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-printedLimit);
    });
  }
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    printed: () => printed,
    hasEnded,
    stop: async (signal = "SIGTERM") => {
      if (hasEnded()) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), endsWithinMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Asks again and again; throws with what the server printed when it ends or is not ready in time. */
export async function untilReady(
  server: PackagedServer,
  what: string,
  isReady: () => Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const deadline = systemClock.now() + withinMs;
  while (!(await isReady().catch(() => false))) {
    if (server.hasEnded()) throw new Error(`${what} ended while it started: ${server.printed()}`);
    if (systemClock.now() > deadline) {
      throw new Error(`${what} was not ready within ${withinMs} ms: ${server.printed()}`);
    }
    await systemClock.sleep(50);
  }
}

function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
