import { readFileSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { isSystemError } from "../base/errors.ts";
import type { StateStorage } from "./state-storage.ts";

export class DiskStateStorage implements StateStorage {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): string | null {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return null;
      throw error;
    }
  }

  write(text: string): void {
    writeFileAtomic(this.#path, text, 0o600);
  }
}
