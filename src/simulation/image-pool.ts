const maxImages = 64;

/** Firmware images that many virtual devices hold, each kept once. */
export class ImagePool {
  readonly #byDigest = new Map<string, Uint8Array>();

  /** The one copy of an image with this digest. */
  readonly share = (digest: string, image: Uint8Array): Uint8Array => {
    const known = this.#byDigest.get(digest);
    if (known) return known;
    const [oldest] = this.#byDigest.keys();
    if (this.#byDigest.size >= maxImages && oldest !== undefined) this.#byDigest.delete(oldest);
    this.#byDigest.set(digest, image);
    return image;
  };

  get(digest: string): Uint8Array | null {
    return this.#byDigest.get(digest) ?? null;
  }
}
