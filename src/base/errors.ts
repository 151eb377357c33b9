import { type ErrorCode, type ExitCode, errorCatalogue } from "./error-codes.ts";

export interface ErrorContext {
  /** Commands or edits that repair the situation, most likely one first. */
  readonly hints?: readonly string[];
  /** Structured facts for `--json`. Never holds a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error class. The code is the contract (documented in docs/errors.md and stable); the
 * message says which two things disagree, with both values, and may improve at any time.
 */
export class IotctlError extends Error {
  override readonly name = "IotctlError";
  readonly code: ErrorCode;
  readonly hints: readonly string[];
  readonly details: Readonly<Record<string, unknown>>;
  readonly exit: ExitCode;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.hints = context.hints ?? [];
    this.details = context.details ?? {};
    this.exit = errorCatalogue[code].exit;
  }
}

/** The message of anything thrown, for use inside another error's sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether `error` is a Node system error with one of these codes (`ENOENT`, `EADDRINUSE`, …). */
export function isSystemError(error: unknown, ...codes: string[]): boolean {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code)
  );
}
