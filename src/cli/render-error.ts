import { Exit } from "../base/error-codes.ts";
import type { IotctlError } from "../base/errors.ts";
import { colour } from "./colour.ts";
import { terminalText } from "./terminal-text.ts";

/** An error for people, on stderr: what is wrong, its code, what to type. A stack only for our own bugs. */
export function renderError(error: IotctlError): string {
  const stream = process.stderr;
  const lines = [
    `${colour("red", "Error:", stream)} ${terminalText(error.message)}`,
    colour("dim", `Code: ${error.code}`, stream),
  ];
  for (const hint of error.hints) lines.push(`${colour("cyan", "Try:", stream)} ${terminalText(hint)}`);
  if (error.exit === Exit.bug) lines.push("", bugReport(error));
  return `${lines.join("\n")}\n`;
}

function bugReport(error: IotctlError): string {
  const cause =
    error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause);
  return [
    "This is a bug in iotctl, not in what you typed. Please report it with the command you ran,",
    "what `iotctl --version` prints, and these lines:",
    "",
    terminalText(cause),
  ].join("\n");
}
