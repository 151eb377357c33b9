import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { IotctlError } from "../base/errors.ts";
import { type ExclusiveLock, tryExclusiveLock } from "../base/exclusive-lock.ts";

/** Holds a device's directory for this process alone. Throws IOT_AGENT_DIR_IN_USE. */
export function lockStateDirectory(dir: string): ExclusiveLock {
  mkdirSync(dir, { recursive: true });
  const lock = tryExclusiveLock(join(dir, "lock"));
  if (lock) return lock;
  throw new IotctlError("IOT_AGENT_DIR_IN_USE", `Another agent uses ${dir}.`, {
    hints: ["Stop the other agent, or give this one a directory of its own: --dir <directory>"],
    details: { dir },
  });
}
