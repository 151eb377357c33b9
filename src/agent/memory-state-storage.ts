import type { StateStorage } from "./state-storage.ts";

/** Survives a simulated reboot: give the same one to the next agent. */
export class MemoryStateStorage implements StateStorage {
  #text: string | null;
  readonly #onWrite: () => void;

  constructor(text: string | null = null, onWrite: () => void = () => {}) {
    this.#text = text;
    this.#onWrite = onWrite;
  }

  read(): string | null {
    return this.#text;
  }

  write(text: string): void {
    this.#text = text;
    this.#onWrite();
  }
}
