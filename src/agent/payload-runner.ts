import type { Slot } from "./slot-storage.ts";

/** An image that is to run. */
export interface Payload {
  readonly slot: Slot;
  readonly digest: string;
  /** What the signed release calls it. */
  readonly version: string;
}

export type PayloadHealth =
  /** It answers and says what it is; `model` is null where it does not say. */
  | { readonly kind: "healthy"; readonly version: string; readonly model: string | null }
  /** It runs, but does not answer or says that it is not well; it may still come up. */
  | { readonly kind: "unwell"; readonly reason: string }
  /** It does not run. */
  | { readonly kind: "stopped"; readonly reason: string };

/** Runs what a slot holds. One payload at a time. */
export interface PayloadRunner {
  /** Ends what runs, then starts; that a payload does not come up is told by `health`, not by an error. */
  start(payload: Payload): Promise<void>;
  stop(): Promise<void>;
  health(): Promise<PayloadHealth>;
}
