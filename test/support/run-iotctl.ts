import { execa } from "execa";
import { fileURLToPath } from "node:url";
import type { Envelope } from "../../src/cli/envelope.ts";

export const devEntry = fileURLToPath(new URL("../../bin/dev.js", import.meta.url));

export interface IotctlRun {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as a process of its own, from src/, in `cwd`. Stdin is empty unless `input` is given. */
export async function runIotctl(
  argv: readonly string[],
  options: {
    readonly cwd: string;
    readonly env?: Record<string, string>;
    readonly input?: string;
    readonly timeoutMs?: number;
    /** Kills it (SIGKILL) when aborted. */
    readonly kill?: AbortSignal;
  },
): Promise<IotctlRun> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [devEntry, ...argv], {
    cwd: options.cwd,
    env: { NODE_ENV: "production", NO_COLOR: "1", ...options.env },
    input: options.input ?? "",
    reject: false,
    timeout: options.timeoutMs ?? 20_000,
    ...(options.kill && { cancelSignal: options.kill, killSignal: "SIGKILL" as const }),
  });
  return { exitCode, stdout, stderr };
}

/** Runs it with `--json` and gives the envelope; fails the test when stdout is not one. */
export async function runIotctlJson<T>(
  argv: readonly string[],
  options: { readonly cwd: string; readonly timeoutMs?: number },
): Promise<Envelope<T>> {
  const { stdout } = await runIotctl([...argv, "--json"], options);
  return JSON.parse(stdout) as Envelope<T>;
}
