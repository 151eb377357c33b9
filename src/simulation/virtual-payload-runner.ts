import type { MemorySlotStorage } from "../agent/memory-slot-storage.ts";
import type { Payload, PayloadHealth, PayloadRunner } from "../agent/payload-runner.ts";
import type { VirtualPrograms } from "./virtual-programs.ts";

const stopped: PayloadHealth = { kind: "stopped", reason: "not started" };

/**
 * Runs images inside this process: programs really, anything else as a black box that is what the
 * signed release calls it.
 */
export class VirtualPayloadRunner implements PayloadRunner {
  readonly #slots: MemorySlotStorage;
  readonly #programs: VirtualPrograms;
  /** The device's hardware takes no image but those it had accepted before. */
  readonly #refusesNew: boolean;
  /** Asked once at each start: a self-test costs more than everything else of a poll. */
  #health: PayloadHealth = stopped;

  constructor(options: {
    readonly slots: MemorySlotStorage;
    readonly programs: VirtualPrograms;
    readonly refusesNew: boolean;
  }) {
    this.#slots = options.slots;
    this.#programs = options.programs;
    this.#refusesNew = options.refusesNew;
  }

  start(payload: Payload): Promise<void> {
    this.#health = this.#healthOf(payload);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#health = stopped;
    return Promise.resolve();
  }

  health(): Promise<PayloadHealth> {
    return Promise.resolve(this.healthNow());
  }

  healthNow(): PayloadHealth {
    return this.#health;
  }

  #healthOf({ slot, digest, version }: Payload): PayloadHealth {
    const record = this.#slots.record(slot);
    if (record?.digest !== digest) return { kind: "stopped", reason: "the slot holds another image" };
    if (this.#refusesNew && !record.committed) {
      return { kind: "stopped", reason: "the flash of this device fails" };
    }
    const program = this.#programs.get(digest, this.#slots.image(slot));
    return program?.() ?? { kind: "healthy", version, model: null };
  }
}
