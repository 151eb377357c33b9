import { IotctlError } from "../base/errors.ts";

/** Whether the server is away or answers wrongly, which a device lives with. */
export function isServerError(error: unknown): error is IotctlError {
  return (
    error instanceof IotctlError &&
    (error.code === "IOT_AGENT_SERVER_UNREACHABLE" || error.code === "IOT_AGENT_SERVER_ANSWER")
  );
}
