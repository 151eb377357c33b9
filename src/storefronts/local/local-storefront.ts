import { type Clock, systemClock } from "../../base/clock.ts";
import type { AppRelease, Storefront, StorefrontStatus } from "../storefront.ts";
import { StorefrontClient } from "./storefront-client.ts";
import type { ExposeRequest, HaltRequest, PublishRequest } from "./wire.ts";

export interface LocalStorefrontOptions {
  /** Base address, as `address.json` has it. */
  readonly url: string;
  readonly clock?: Clock;
  /** For one exchange. */
  readonly timeoutMs?: number;
  /** How long `expose` waits for a review to end before it throws IOT_STOREFRONT_IN_REVIEW. */
  readonly reviewWaitMs?: number;
}

/** The storefront that `iotctl dev storefront` runs, as a rollout sees it. */
export class LocalStorefront implements Storefront {
  readonly name = "local";
  readonly #client: StorefrontClient;

  constructor({ url, clock = systemClock, timeoutMs = 5000, reviewWaitMs = 10_000 }: LocalStorefrontOptions) {
    this.#client = new StorefrontClient({ url, clock, timeoutMs, reviewWaitMs });
  }

  async publish({ component, platform, appId, version, digest }: AppRelease): Promise<void> {
    const body: PublishRequest = { component, platform, appId, version, digest };
    await this.#client.request("POST", "publish", body);
  }

  async expose(component: string, version: string, percent: number): Promise<void> {
    const body: ExposeRequest = { component, version, percent };
    await this.#client.request("POST", "expose", body);
  }

  async halt(component: string, version: string): Promise<void> {
    const body: HaltRequest = { component, version };
    await this.#client.request("POST", "halt", body);
  }

  async status(component: string): Promise<StorefrontStatus> {
    const status = await this.#client.request("GET", `apps/${encodeURIComponent(component)}`);
    return status as StorefrontStatus;
  }
}
