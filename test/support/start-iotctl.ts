import { spawn } from "node:child_process";
import { once } from "node:events";
import { devEntry } from "./run-iotctl.ts";

export interface BackgroundIotctl {
  /** All that it has said on stderr. */
  said(): string;
  /** Ends it with a signal, SIGTERM unless told otherwise, and gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const readyWithinMs = 20_000;

/** Starts a command that runs until it is stopped; resolves once what it says matches `ready`. */
export async function startIotctl(
  argv: readonly string[],
  options: { readonly cwd: string; readonly ready: RegExp },
): Promise<BackgroundIotctl> {
  const child = spawn(process.execPath, [devEntry, ...argv], {
    cwd: options.cwd,
    env: { ...process.env, NODE_ENV: "production", NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit");
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  let said = "";
  const ready = new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`iotctl ${argv.join(" ")} ${why}: ${said}`));
    const timer = setTimeout(() => fail("is not ready in time"), readyWithinMs);
    child.once("exit", (code) => fail(`ended with ${code}`));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (!options.ready.test(said)) return;
      clearTimeout(timer);
      resolve();
    });
  });
  try {
    await ready;
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  }
  return { said: () => said, stop };
}
