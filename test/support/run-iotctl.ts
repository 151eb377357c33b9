import { execa } from "execa";
import { fileURLToPath } from "node:url";

const devEntry = fileURLToPath(new URL("../../bin/dev.js", import.meta.url));

export interface IotctlRun {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as a process of its own, from src/, in `cwd`. Stdin is empty unless `input` is given. */
export async function runIotctl(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env?: Record<string, string>; readonly input?: string },
): Promise<IotctlRun> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [devEntry, ...argv], {
    cwd: options.cwd,
    env: { NODE_ENV: "production", NO_COLOR: "1", ...options.env },
    input: options.input ?? "",
    reject: false,
    timeout: 20_000,
  });
  return { exitCode, stdout, stderr };
}
