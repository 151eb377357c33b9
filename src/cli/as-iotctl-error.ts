import { CLIError } from "@oclif/core/errors";
import { diskError } from "../base/atomic-file.ts";
import { IotctlError, messageOf } from "../base/errors.ts";
import { fileTrouble } from "../base/file-trouble.ts";

/**
 * Anything thrown, as the error the user gets: ours as it is, the parser's as IOT_USAGE, those of
 * the file system by what they mean, and the rest as IOT_BUG, with what was thrown as its cause.
 */
export function asIotctlError(error: unknown, command: string): IotctlError {
  if (error instanceof IotctlError) return error;
  if (error instanceof CLIError) return usageError(error, command);
  const path = error instanceof Error && "path" in error ? String(error.path) : "";
  const onDisk = diskError(error, path === "" ? "the working directory" : path);
  if (onDisk instanceof IotctlError) return onDisk;
  const reason = fileTrouble(error);
  if (reason !== null && path !== "") {
    return new IotctlError("IOT_FILE_UNREADABLE", `Cannot use ${path}: ${reason}.`, {
      hints: [`ls -ld ${path}`],
      details: { path, reason },
      cause: error,
    });
  }
  return new IotctlError("IOT_BUG", `Something went wrong that should not: ${messageOf(error)}`, {
    cause: error,
  });
}

function usageError(error: CLIError, command: string): IotctlError {
  const message = error.message.replace(/\n?See more help with --help$/, "").trim();
  return new IotctlError("IOT_USAGE", message, {
    hints: [["iotctl", command, "--help"].filter(Boolean).join(" ")],
  });
}
