import type { Clock } from "../../base/clock.ts";
import { formatDuration } from "../../base/durations.ts";
import { terminalLine } from "../terminal-text.ts";

/** Shows long work on stderr, step by step. */
export interface Progress {
  /** Runs one step and gives its value; `say` tells what happens meanwhile, `note` ends its line. */
  step<T>(
    title: string,
    work: (say: Say) => Promise<{ readonly value: T; readonly note: string }>,
  ): Promise<T>;
}

/** Tells how far a step is: a line, and for terminals a picture that takes its place. */
export type Say = (text: string, picture?: readonly string[]) => void;

/** Work that takes longer than this says how long it took. */
const tellDurationFromMs = 1000;

/** Drawn in place on a terminal, a line each elsewhere, not at all under `--json`. */
export function progressFor(json: boolean, clock: Clock): Progress {
  if (json) return lineProgress(() => {}, clock);
  const drawn = process.stderr.isTTY && process.env["TERM"] !== "dumb" && !process.env["CI"];
  return drawn ? terminalProgress : lineProgress(writeLine, clock);
}

const terminalProgress: Progress = {
  async step(title, work) {
    const { Listr, ListrLogger, ProcessOutput } = await import("listr2");
    // stdout is for the result; progress belongs to the conversation.
    const processOutput = new ProcessOutput(process.stderr, process.stderr);
    let result: Awaited<ReturnType<typeof work>> | undefined;
    await new Listr(
      {
        title,
        task: async (_, task): Promise<void> => {
          result = await work((text, picture) => {
            task.output = picture?.join("\n") ?? terminalLine(text);
          });
          task.title = titled(title, result.note);
        },
      },
      {
        // Ctrl-C is for the command, which stops in good order.
        registerSignalListeners: false,
        rendererOptions: {
          collapseErrors: false,
          showErrorMessage: false,
          logger: new ListrLogger({ processOutput }),
        },
      },
    ).run();
    if (!result) throw new Error(`step ${title} ended without a result`);
    return result.value;
  },
};

function lineProgress(write: Say, clock: Clock): Progress {
  return {
    async step(title, work) {
      const startedAtMs = clock.now();
      const { note, value } = await work((text) => write(`  ${text}`));
      const tookMs = clock.now() - startedAtMs;
      write(titled(title, note) + (tookMs > tellDurationFromMs ? ` (${formatDuration(tookMs)})` : ""));
      return value;
    },
  };
}

function titled(title: string, note: string): string {
  return note === "" ? title : `${title}: ${terminalLine(note)}`;
}

function writeLine(text: string): void {
  process.stderr.write(`${terminalLine(text)}\n`);
}
