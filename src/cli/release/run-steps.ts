import { terminalLine } from "../terminal-text.ts";
import { formatDuration } from "../../base/durations.ts";
import type { Clock } from "../../base/clock.ts";

/** One step of long work: what it is called and what it does. Returns a note for its line. */
export interface WorkStep {
  readonly title: string;
  readonly run: (say: (text: string) => void) => Promise<string>;
}

/** How progress is shown: drawn in place on a terminal, a line each elsewhere, not at all under `--json`. */
export type ProgressStyle = "terminal" | "lines" | "none";

/** The style that suits where stderr goes. */
export function progressStyle(json: boolean): ProgressStyle {
  if (json) return "none";
  return process.stderr.isTTY && process.env["TERM"] !== "dumb" && !process.env["CI"] ? "terminal" : "lines";
}

/** Runs steps in their order and shows how far they are; stops at the first that throws. */
export async function runSteps(
  steps: readonly WorkStep[],
  style: ProgressStyle,
  clock: Clock,
): Promise<void> {
  if (style === "terminal") await runOnTerminal(steps);
  else await runAsLines(steps, style === "none" ? () => {} : writeLine, clock);
}

async function runOnTerminal(steps: readonly WorkStep[]): Promise<void> {
  const { Listr, ListrLogger, ProcessOutput } = await import("listr2");
  const work = new Listr(
    steps.map(({ title, run }) => ({
      title,
      task: async (_: unknown, task: { output: string; title: string }): Promise<void> => {
        const note = await run((text) => {
          task.output = terminalLine(text);
        });
        task.title = note === "" ? title : `${title}: ${terminalLine(note)}`;
      },
    })),
    {
      // stdout is for the result; progress belongs to the conversation.
      rendererOptions: {
        collapseSubtasks: false,
        logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
      },
    },
  );
  await work.run();
}

async function runAsLines(
  steps: readonly WorkStep[],
  write: (text: string) => void,
  clock: Clock,
): Promise<void> {
  for (const { title, run } of steps) {
    const startedAtMs = clock.now();
    const note = await run((text) => write(`  ${text}`));
    const took = clock.now() - startedAtMs;
    write(`${title}${note === "" ? "" : `: ${note}`}${took > 1000 ? ` (${formatDuration(took)})` : ""}`);
  }
}

function writeLine(text: string): void {
  process.stderr.write(`${terminalLine(text)}\n`);
}
