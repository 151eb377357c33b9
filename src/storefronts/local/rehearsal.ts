import { type Clock, systemClock } from "../../base/clock.ts";
import { StorefrontClient } from "./storefront-client.ts";
import type { Link, LinksRequest, MeetingsSummary, Phone, PhonesSummary, PopulationRequest } from "./wire.ts";

/** What a local storefront can do that no real one can: be given users, and tell whom they met. */
export class Rehearsal {
  readonly #client: StorefrontClient;

  constructor({ url, clock = systemClock }: { readonly url: string; readonly clock?: Clock }) {
    this.#client = new StorefrontClient({ url, clock, timeoutMs: 30_000, reviewWaitMs: 0 });
  }

  /** Replaces all phones, at most `phonesMax`. */
  async setPhones(phones: readonly Phone[]): Promise<void> {
    const body: PopulationRequest = { phones };
    await this.#client.request("POST", "population", body);
  }

  /** Replaces all links: where the phones of a device send their visits. */
  async setLinks(links: readonly Link[]): Promise<void> {
    const body: LinksRequest = { links };
    await this.#client.request("POST", "links", body);
  }

  async phones(): Promise<PhonesSummary> {
    return (await this.#client.request("GET", "phones")) as PhonesSummary;
  }

  /** Which app versions met which device versions since the storefront was started. */
  async meetings(): Promise<MeetingsSummary> {
    return (await this.#client.request("GET", "meetings")) as MeetingsSummary;
  }
}
