import { IotctlError } from "../../base/errors.ts";
import type { ControlError } from "../control/control-api.ts";
import type { ControlAnswer } from "./control-client.ts";

/**
 * The JSON of a success. Throws what a refusal comes to, with `status` and the server's `reason` in the
 * details: IOT_FLEET_REFUSED unless there is a code of its own for it.
 */
export function readAnswer({ status, text }: ControlAnswer): unknown {
  const body = parseJson(text) as Partial<ControlError> | null;
  if (body && status >= 200 && status < 300) return body;
  const { code, message } = body?.error ?? {
    code: "unexpected",
    message: `The fleet server answered ${status} with something that is not its API.`,
  };
  throw refusal(status, code, message);
}

/** The word with which the server refused; null when the error is something else. */
export function refusalReason(error: unknown): string | null {
  const reason = error instanceof IotctlError ? error.details["reason"] : null;
  return typeof reason === "string" ? reason : null;
}

function refusal(status: number, reason: string, message: string): IotctlError {
  const details = { status, reason };
  switch (reason) {
    case "device-unknown":
      return new IotctlError("IOT_FLEET_DEVICE_UNKNOWN", message, {
        hints: ["See which it has: iotctl fleet devices"],
        details,
      });
    case "wrong-digest":
      return new IotctlError("IOT_FLEET_ARTIFACT_DIFFERS", message, { details });
    case "disk-full":
      return new IotctlError("IOT_DISK_FULL", message, { details });
    case "not-found":
      return new IotctlError("IOT_FLEET_REFUSED", message, {
        hints: ["The fleet server may be older than this iotctl; start this one: iotctl fleet serve"],
        details,
      });
    default:
      return new IotctlError("IOT_FLEET_REFUSED", message, { details });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
