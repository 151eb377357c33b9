import { readFileSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";

/** The port that the server of a directory listened on last; 0 where it never did, or nobody can read it. */
export function readLastPort(path: string): number {
  try {
    const text = readFileSync(path, "utf8").trim();
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    return port <= 65_535 ? port : 0;
  } catch {
    // It is a convenience, and nothing to stop a server for.
    return 0;
  }
}

/** Keeps it over the end of the server, so that devices find the next one where they found this. */
export function writeLastPort(path: string, url: string): void {
  writeFileAtomic(path, `${new URL(url).port || "80"}\n`);
}
