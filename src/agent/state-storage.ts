/** Holds one small text durably: after `write` returned, every later `read` gives it, whole, power cuts included. */
export interface StateStorage {
  /** Null when nothing was ever written. */
  read(): string | null;
  write(text: string): void;
}
