import { Exit, type ExitCode } from "../base/error-codes.ts";
import type { IotctlError } from "../base/errors.ts";

/** What `--json` prints on stdout, for success and failure alike. Its keys are stable. */
export interface Envelope<Data> {
  readonly schemaVersion: 1;
  /** As typed: `fleet devices`. Empty when no command was recognised. */
  readonly command: string;
  /** Whether it went as asked: `exitCode` is 0, or 10 where `--detailed-exitcode` asks for that. */
  readonly ok: boolean;
  readonly exitCode: ExitCode;
  readonly data: Data | null;
  readonly error: EnvelopeError | null;
}

export interface EnvelopeError {
  readonly code: string;
  readonly message: string;
  readonly hints: readonly string[];
  readonly details: Readonly<Record<string, unknown>>;
}

/** The envelope of a command that came to a result, which may be a "no" with an exit code of its own. */
export function resultEnvelope<Data>(command: string, data: Data, exitCode: ExitCode): Envelope<Data> {
  return {
    schemaVersion: 1,
    command,
    ok: exitCode === Exit.done || exitCode === Exit.changes,
    exitCode,
    data,
    error: null,
  };
}

/** The envelope of a command that failed. */
export function errorEnvelope(command: string, error: IotctlError): Envelope<never> {
  const { code, message, hints, details, exit } = error;
  return {
    schemaVersion: 1,
    command,
    ok: false,
    exitCode: exit,
    data: null,
    error: { code, message, hints, details },
  };
}

/** Whether the command line asks for JSON: `--json` before any `--`. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

/** The text that goes to stdout. */
export function envelopeText(envelope: Envelope<unknown>): string {
  return `${JSON.stringify(envelope, null, 2)}\n`;
}
