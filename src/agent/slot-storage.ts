export type Slot = "a" | "b";

export function otherSlot(slot: Slot): Slot {
  return slot === "a" ? "b" : "a";
}

/** What a slot holds, or is being filled with. */
export interface SlotRecord {
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly version: string;
  /** The image was once accepted for good; what is left to run when the journal is lost. */
  readonly committed: boolean;
}

/** Two places for an image and a pointer to one of them. Every call may be repeated after a power cut. */
export interface SlotStorage {
  /** The slot that is switched to; null before the first switch. */
  current(): Slot | null;
  /** Durable and all or nothing: afterwards `current` is the old slot or the new one. */
  switchTo(slot: Slot): void;
  /** Null when the slot is empty. */
  record(slot: Slot): SlotRecord | null;
  /**
   * Makes a slot ready to receive an image and tells how many bytes of it are there already; bytes
   * of any other image are removed first.
   */
  prepare(slot: Slot, image: { readonly digest: string; readonly version: string }): number;
  append(slot: Slot, bytes: Uint8Array): void;
  /** Makes the received bytes durable and tells the digest that they really have. */
  seal(slot: Slot): string;
  /** Remembers that the image was accepted for good. */
  commit(slot: Slot): void;
  /** Empties the slot. */
  clear(slot: Slot): void;
}
