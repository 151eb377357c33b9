import { randomUUID } from "node:crypto";
import type { Clock } from "../../../base/clock.ts";
import type { ControlClient } from "../../../server/control-client/control-client.ts";
import { readAnswer, refusalReason } from "../../../server/control-client/read-answer.ts";
import type { LeaseRequest } from "../../../server/control/control-api.ts";
import type { Lease } from "../lease.ts";

/** A lease at the fleet server, renewed while its work runs; the server ends it when nobody renews it. */
export class ServerLease implements Lease {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #path: string;
  readonly #leaseMs: number;
  readonly #holder = randomUUID();
  #heldUntilMs = -Infinity;

  constructor(client: ControlClient, clock: Clock, name: string, leaseMs: number) {
    this.#client = client;
    this.#clock = clock;
    this.#path = `/leases/${encodeURIComponent(name)}`;
    this.#leaseMs = leaseMs;
  }

  /** Whether it is held, by this process's own clock: what is not renewed for too long counts as lost. */
  get isHeld(): boolean {
    return this.#clock.now() < this.#heldUntilMs;
  }

  /** Takes it, or holds it for longer; false when another has it. */
  async take(): Promise<boolean> {
    // From before the request on: the server counts from later, so it never ends there first.
    const askedAtMs = this.#clock.now();
    const taken = await this.#ask(this.#leaseMs);
    this.#heldUntilMs = taken ? askedAtMs + this.#leaseMs : -Infinity;
    return taken;
  }

  /** Runs work while the lease, which must have been taken, is renewed three times in its length; then lets go of it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const renewing = this.#renewUntil(ending.signal);
    try {
      return await work();
    } finally {
      ending.abort();
      await renewing;
      // Should that not arrive, the lease ends by itself; where another has it by now, it changes nothing.
      await this.#ask(0).catch(() => {});
    }
  }

  async #renewUntil(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(this.#leaseMs / 3, signal).catch(() => {});
      if (signal.aborted) return;
      // A server that does not answer may do so the next time; until then the lease runs out.
      const isOurs = await this.take().catch(() => this.isHeld);
      if (!isOurs) return;
    }
  }

  async #ask(holdMs: number): Promise<boolean> {
    const json: LeaseRequest = { holder: this.#holder, holdMs };
    try {
      readAnswer(await this.#client.send({ method: "PUT", path: this.#path, json }));
      return true;
    } catch (error) {
      if (refusalReason(error) === "lease-taken") return false;
      throw error;
    }
  }
}
