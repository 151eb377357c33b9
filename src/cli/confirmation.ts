import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { IotctlError } from "../base/errors.ts";

export interface Confirmation {
  /** Ends with a question mark. */
  readonly question: string;
  /** What the question is about, for who cannot be shown it. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The flag that answers was given. */
  readonly yes: boolean;
  /** A person sits at a terminal and reads along. */
  readonly canAsk: boolean;
  readonly input: Readable;
  readonly output: Writable;
}

/**
 * Goes on when a person says yes, with `y` or `yes` or by the flag. Anything else, an empty line or the
 * end of the input is a no: IOT_NOT_CONFIRMED. IOT_CONFIRMATION_NEEDED where nobody can be asked.
 */
export async function confirm(options: Confirmation): Promise<void> {
  const { canAsk, details, question, yes } = options;
  if (yes) return;
  if (!canAsk) {
    throw new IotctlError("IOT_CONFIRMATION_NEEDED", `${question} Nobody can be asked here.`, {
      hints: ["Say yes beforehand: add --yes"],
      details,
    });
  }
  const answer = await ask(options);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new IotctlError("IOT_NOT_CONFIRMED", `${question} The answer was no; nothing was written.`, {
    details,
  });
}

async function ask({ input, output, question }: Confirmation): Promise<string> {
  const lines = createInterface({ input, output });
  const gone = new Promise<string>((resolve, reject) => {
    lines.once("close", () => resolve(""));
    lines.once("SIGINT", () =>
      reject(new IotctlError("IOT_INTERRUPTED", "Stopped at the question; nothing was written.")),
    );
  });
  try {
    return await Promise.race([lines.question(`${question} [y/N] `), gone]);
  } finally {
    lines.close();
  }
}
