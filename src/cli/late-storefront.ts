import type { AppRelease, Storefront, StorefrontStatus } from "../storefronts/storefront.ts";

/** A storefront that is opened when it is first asked: a release without apps needs none. */
export class LateStorefront implements Storefront {
  readonly name: string;
  readonly #open: () => Promise<Storefront>;
  #opened: Promise<Storefront> | null = null;

  constructor(name: string, open: () => Promise<Storefront>) {
    this.name = name;
    this.#open = open;
  }

  async publish(app: AppRelease): Promise<void> {
    await (await this.#storefront()).publish(app);
  }

  async expose(component: string, version: string, percent: number): Promise<void> {
    await (await this.#storefront()).expose(component, version, percent);
  }

  async halt(component: string, version: string): Promise<void> {
    await (await this.#storefront()).halt(component, version);
  }

  async status(component: string): Promise<StorefrontStatus> {
    return (await this.#storefront()).status(component);
  }

  #storefront(): Promise<Storefront> {
    return (this.#opened ??= this.#open());
  }
}
