import { readBoundedFile } from "../base/bounded-file.ts";
import { IotctlError } from "../base/errors.ts";

const variable = "IOTCTL_DEVICE_TOKEN";

/** A device's target token: from a file when one is named, else from IOTCTL_DEVICE_TOKEN. Never from a flag. */
export function deviceToken(file: string | undefined, env: NodeJS.ProcessEnv): string {
  if (file !== undefined) return readBoundedFile(file, 4096, "the device token").toString("utf8").trim();
  const token = env[variable]?.trim();
  if (token) return token;
  throw new IotctlError(
    "IOT_TOKEN_MISSING",
    `No token for the device: neither --token-file nor ${variable} is given.`,
    {
      hints: ["iotctl fleet add <id>"],
      details: { variable },
    },
  );
}
