import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";

/**
 * Remembers the payload's process in a file. When the agent was killed and the payload lives on, the
 * next agent ends it: two payloads would fight for one port.
 */
export class OrphanGuard {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Best effort: a payload on a full disk runs all the same. */
  remember(pid: number, image: string): void {
    try {
      writeFileAtomic(this.#file, JSON.stringify({ pid, image }));
    } catch {
      // Without the file an orphan may live on, which is less bad than no firmware at all.
      rmSync(this.#file, { force: true });
    }
  }

  /** Ends the remembered process if it still runs that image, and forgets it. */
  end(): void {
    const orphan = readOrphan(this.#file);
    // The id may belong to somebody else by now.
    if (orphan && commandLine(orphan.pid).includes(orphan.image)) {
      try {
        process.kill(-orphan.pid, "SIGKILL");
      } catch {
        // It ended in between.
      }
    }
    rmSync(this.#file, { force: true });
  }
}

function readOrphan(file: string): { readonly pid: number; readonly image: string } | null {
  try {
    const { pid, image } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    return Number.isSafeInteger(pid) && Number(pid) > 1 && typeof image === "string"
      ? { pid: Number(pid), image }
      : null;
  } catch {
    return null;
  }
}

function commandLine(pid: number): string {
  try {
    if (existsSync("/proc/self/cmdline")) return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8", timeout: 5000 });
  } catch {
    return "";
  }
}
