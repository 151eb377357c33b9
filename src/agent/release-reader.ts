import type { ResolvedRelease } from "../bundle/resolved-release.ts";
import { messageOf } from "../base/errors.ts";
import type { DdiClient } from "./ddi-client.ts";
import type { Offer } from "./judge-deployment.ts";

export interface ReleaseReaderPorts {
  readonly ddi: Pick<DdiClient, "document">;
  /** Checks the signature of a release; throws an error whose message says why it is not trusted. */
  readonly verifyRelease: (bundleJson: Uint8Array) => { readonly resolved: ResolvedRelease };
}

/** What an offer is judged by. */
export interface OfferedReleases {
  /** The release that proves the image. */
  readonly proof: ResolvedRelease;
  /** Those that say what versions in the field need. */
  readonly context: readonly ResolvedRelease[];
}

interface Refusal {
  readonly refusal: string;
}

/** Reads the signed releases that an offer names, each once for as long as the same action is offered. */
export class ReleaseReader {
  readonly #ports: ReleaseReaderPorts;
  readonly #verified = new Map<string, ResolvedRelease>();
  #actionId: string | null = null;

  constructor(ports: ReleaseReaderPorts) {
    this.#ports = ports;
  }

  async read(offer: Offer): Promise<OfferedReleases | Refusal> {
    if (offer.actionId !== this.#actionId) this.forget();
    this.#actionId = offer.actionId;
    const hrefs = new Set([offer.attestationHref, ...offer.contextHrefs]);
    for (const href of this.#verified.keys()) if (!hrefs.has(href)) this.#verified.delete(href);
    const proof = await this.#readOne(offer.attestationHref);
    if ("refusal" in proof) return proof;
    const context: ResolvedRelease[] = [];
    for (const href of offer.contextHrefs) {
      const release = await this.#readOne(href);
      if ("refusal" in release) return release;
      if (release.product !== proof.product) {
        return { refusal: `release ${release.product} ${release.version} is not one of ${proof.product}` };
      }
      context.push(release);
    }
    return { proof, context };
  }

  /** Nothing is offered any more. */
  forget(): void {
    this.#verified.clear();
    this.#actionId = null;
  }

  async #readOne(href: string): Promise<ResolvedRelease | Refusal> {
    const known = this.#verified.get(href);
    if (known) return known;
    const bytes = await this.#ports.ddi.document(href);
    try {
      const { resolved } = this.#ports.verifyRelease(bytes);
      this.#verified.set(href, resolved);
      return resolved;
    } catch (error) {
      return { refusal: `the release is not signed by a trusted key: ${messageOf(error)}` };
    }
  }
}
