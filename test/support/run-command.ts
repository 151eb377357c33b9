import type { Command } from "@oclif/core/command";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import type { Envelope } from "../../src/cli/envelope.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pjson = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { oclif: { commands?: string } };
// The class under test is imported by the test; oclif need not look for any other.
delete pjson.oclif.commands;

interface CommandClass {
  readonly id?: string;
  run(argv: string[], options: Parameters<typeof Command.run>[1]): Promise<unknown>;
}

export interface CommandRun<Data> {
  readonly envelope: Envelope<Data>;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command class in this process; rejects with its `IotctlError`. */
export async function runCommand<Data>(
  command: CommandClass,
  argv: readonly string[],
): Promise<CommandRun<Data>> {
  const stdout = capture(process.stdout);
  const stderr = capture(process.stderr);
  try {
    const envelope = await command.run([...argv], { root, pjson: pjson as never, ignoreManifest: true });
    return { envelope: envelope as Envelope<Data>, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.restore();
    stderr.restore();
  }
}

function capture(stream: NodeJS.WriteStream): { text: () => string; restore: () => void } {
  const parts: string[] = [];
  const spy = vi.spyOn(stream, "write").mockImplementation((chunk) => {
    parts.push(String(chunk));
    return true;
  });
  return { text: () => parts.join(""), restore: () => spy.mockRestore() };
}
