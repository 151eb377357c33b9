import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";
import type { Clock } from "../base/clock.ts";

const goneEveryMs = 20;
const goneTries = 100;

/**
 * Remembers the payload's process in a file. When the agent was killed and the payload lives on, the
 * next agent ends it: two payloads would fight for one port.
 */
export class OrphanGuard {
  readonly #file: string;
  readonly #clock: Pick<Clock, "sleep">;

  constructor(file: string, clock: Pick<Clock, "sleep">) {
    this.#file = file;
    this.#clock = clock;
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

  /** Ends the remembered process if it still runs that image, waits up to 2 s until it is gone, and forgets it. */
  async end(): Promise<void> {
    const orphan = readOrphan(this.#file);
    // The id may belong to somebody else by now.
    const runs = (one: Orphan): boolean => commandLine(one.pid).includes(one.image);
    if (orphan && runs(orphan)) {
      try {
        process.kill(-orphan.pid, "SIGKILL");
      } catch {
        // It ended in between.
      }
      // It holds its port until it is really gone.
      for (let tries = 0; tries < goneTries && runs(orphan); tries++) await this.#clock.sleep(goneEveryMs);
    }
    rmSync(this.#file, { force: true });
  }
}

interface Orphan {
  readonly pid: number;
  readonly image: string;
}

function readOrphan(file: string): Orphan | null {
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
