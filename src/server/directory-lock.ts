import { readFileSync } from "node:fs";
import { join } from "node:path";
import { IotctlError } from "../base/errors.ts";
import { type ExclusiveLock, tryExclusiveLock } from "../base/exclusive-lock.ts";
import { isRecord } from "../ddi/parsed.ts";

/** Holds a directory for this server alone. Throws IOT_FLEET_DIR_IN_USE while another server holds it. */
export function lockDirectory(dir: string): ExclusiveLock {
  const lock = tryExclusiveLock(join(dir, "lock"));
  if (lock) return lock;
  const holder = readAddress(dir);
  throw new IotctlError(
    "IOT_FLEET_DIR_IN_USE",
    `Another fleet server uses ${dir}${holder ? `: ${holder.url}, process ${holder.pid}` : ""}.`,
    {
      hints: [
        ...(holder ? [`Use the server that runs: ${holder.url}`] : []),
        "Or serve another directory: iotctl fleet serve --dir <directory>",
      ],
      details: { dir, ...holder },
    },
  );
}

function readAddress(dir: string): { readonly url: string; readonly pid: number } | null {
  try {
    const address: unknown = JSON.parse(readFileSync(join(dir, "address.json"), "utf8"));
    return isRecord(address) ? { url: String(address["url"]), pid: Number(address["pid"]) } : null;
  } catch {
    return null;
  }
}
