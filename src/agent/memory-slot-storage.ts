import { hash } from "node:crypto";
import type { Slot, SlotRecord, SlotStorage } from "./slot-storage.ts";

interface MemorySlot {
  record: SlotRecord | null;
  chunks: Uint8Array[];
  sizeBytes: number;
}

/** Plain values of both slots, for keeping them over a restart of the process. */
export interface SlotsSnapshot {
  readonly current: Slot | null;
  readonly slots: Readonly<Record<Slot, { readonly record: SlotRecord | null; readonly image: Uint8Array }>>;
}

/** Lets many devices that hold the same image hold the same bytes. */
export type ShareImage = (digest: string, image: Uint8Array) => Uint8Array;

/** Slots of a virtual device; they survive a simulated reboot. */
export class MemorySlotStorage implements SlotStorage {
  #current: Slot | null;
  readonly #slots: Record<Slot, MemorySlot>;
  readonly #share: ShareImage;

  constructor(options: { readonly share?: ShareImage; readonly snapshot?: SlotsSnapshot } = {}) {
    this.#share = options.share ?? ((_digest, image) => image);
    this.#current = options.snapshot?.current ?? null;
    const restored = (slot: Slot): MemorySlot => {
      const saved = options.snapshot?.slots[slot];
      if (!saved) return emptySlot();
      return { record: saved.record, chunks: [saved.image], sizeBytes: saved.image.length };
    };
    this.#slots = { a: restored("a"), b: restored("b") };
  }

  current(): Slot | null {
    return this.#current;
  }

  switchTo(slot: Slot): void {
    this.#current = slot;
  }

  record(slot: Slot): SlotRecord | null {
    return this.#slots[slot].record;
  }

  prepare(slot: Slot, { digest, version }: { readonly digest: string; readonly version: string }): number {
    if (this.record(slot)?.digest !== digest) {
      this.#slots[slot] = { ...emptySlot(), record: { digest, version, committed: false } };
    }
    return this.sizeBytes(slot);
  }

  /** Bytes in the slot. */
  sizeBytes(slot: Slot): number {
    return this.#slots[slot].sizeBytes;
  }

  append(slot: Slot, bytes: Uint8Array): void {
    const into = this.#slots[slot];
    into.chunks.push(Uint8Array.from(bytes));
    into.sizeBytes += bytes.length;
  }

  seal(slot: Slot): string {
    const image = this.image(slot);
    const digest = `sha256:${hash("sha256", image, "hex")}`;
    this.#slots[slot].chunks = [this.#share(digest, image)];
    return digest;
  }

  commit(slot: Slot): void {
    const { record } = this.#slots[slot];
    if (record) this.#slots[slot].record = { ...record, committed: true };
  }

  clear(slot: Slot): void {
    this.#slots[slot] = emptySlot();
  }

  /** The bytes in a slot. */
  image(slot: Slot): Uint8Array {
    const { chunks } = this.#slots[slot];
    return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  }

  snapshot(): SlotsSnapshot {
    const saved = (slot: Slot) => ({ record: this.record(slot), image: this.image(slot) });
    return { current: this.#current, slots: { a: saved("a"), b: saved("b") } };
  }
}

function emptySlot(): MemorySlot {
  return { record: null, chunks: [], sizeBytes: 0 };
}
