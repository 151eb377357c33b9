import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../src/base/canonical-json.ts";
import type { ArtifactStore, StoredRelease } from "../../src/storage/artifact-store.ts";
import type { Blob } from "../../src/storage/oci-layout.ts";
import { thrownBy } from "../support/thrown-by.ts";

/** What a storage adapter shows of itself to the contract suite. */
export interface StoreUnderTest {
  /** A connection to the store of this test; every call is another connection to the same store. */
  connect(): ArtifactStore;
  /** Changes one byte of a stored blob behind the store's back. */
  corrupt(digest: string): void | Promise<void>;
}

/** What every ArtifactStore must do. `open` makes an empty store for each test. */
export function artifactStoreContract(
  name: string,
  open: () => StoreUnderTest | Promise<StoreUnderTest>,
): void {
  describe(`${name} keeps the contract of an artifact store`, () => {
    test("gives back the bytes it was given, in any chunks", async () => {
      const store = (await open()).connect();
      const bytes = Buffer.alloc(600_000, "chunky");
      expect(await store.hasBlob(blobOf(bytes).digest)).toBe(false);
      expect(await store.putBlob(blobOf(bytes), () => inChunks(bytes, 70_001))).toBe("stored");
      expect(await store.hasBlob(blobOf(bytes).digest)).toBe(true);
      expect(await collect(store, blobOf(bytes).digest)).toEqual(bytes);
    });

    test("keeps an empty blob", async () => {
      const store = (await open()).connect();
      await put(store, "");
      expect(await collect(store, blobOf("").digest)).toEqual(Buffer.alloc(0));
    });

    test("does not read a blob again that it has", async () => {
      const store = (await open()).connect();
      const blob = await put(store, "once");
      const again = store.putBlob(blob, () => {
        throw new Error("read again");
      });
      expect(await again).toBe("present");
    });

    test.each([
      ["other bytes", "hellO"],
      ["too few bytes", "hell"],
      ["too many bytes", "hello!"],
    ])("refuses %s", async (_, sent) => {
      const store = (await open()).connect();
      const error = await thrownBy(() =>
        store.putBlob(blobOf("hello"), () => inChunks(Buffer.from(sent), 3)),
      );
      expect(error.code).toBe("IOT_STORAGE_DIGEST_MISMATCH");
      expect(await store.hasBlob(blobOf("hello").digest)).toBe(false);
    });

    test("cuts off a stream that does not end", async () => {
      const store = (await open()).connect();
      let sent = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          sent += 1000;
          yield Buffer.alloc(1000);
        }
      }
      const error = await thrownBy(() => store.putBlob({ ...blobOf("x"), sizeBytes: 5000 }, endless));
      expect(error.code).toBe("IOT_STORAGE_DIGEST_MISMATCH");
      expect(sent).toBeLessThan(100_000);
    });

    test("keeps nothing of a stream that breaks, and takes the blob afterwards", async () => {
      const store = (await open()).connect();
      const bytes = Buffer.alloc(10_000, "half");
      async function* breaking(): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, 5000);
        throw new Error("the link is gone");
      }
      await expect(store.putBlob(blobOf(bytes), breaking)).rejects.toThrow("the link is gone");
      expect(await store.hasBlob(blobOf(bytes).digest)).toBe(false);
      expect(await store.putBlob(blobOf(bytes), () => inChunks(bytes, 999))).toBe("stored");
    });

    test("fails at the end of a read whose bytes were changed", async () => {
      const under = await open();
      const store = under.connect();
      const { digest } = await put(store, "precious");
      await under.corrupt(digest);
      expect((await thrownBy(() => collect(store, digest))).code).toBe("IOT_STORAGE_CORRUPT");
    });

    test("says which blob it does not have", async () => {
      const store = (await open()).connect();
      const { digest } = blobOf("nowhere");
      const error = await thrownBy(() => collect(store, digest));
      expect(error.code).toBe("IOT_STORAGE_BLOB_MISSING");
      expect(error.message).toContain(digest);
    });

    test("takes the same blob from several writers at once", async () => {
      const under = await open();
      const bytes = Buffer.alloc(300_000, "race");
      const results = await Promise.all(
        [1, 2, 3, 4].map(() => under.connect().putBlob(blobOf(bytes), () => inChunks(bytes, 10_000))),
      );
      expect(results).toContain("stored");
      expect(await collect(under.connect(), blobOf(bytes).digest)).toEqual(bytes);
    });

    test("shows a release once it is published, to every connection", async () => {
      const under = await open();
      const store = under.connect();
      const release = await prepared(store, "fan", "1.0.0");
      expect(await store.resolve("fan", "1.0.0")).toBeNull();
      expect(await store.list("fan")).toEqual([]);
      expect(await store.publish(release)).toBe("published");
      expect(await under.connect().resolve("fan", "1.0.0")).toEqual(release);
      expect(await under.connect().list("fan")).toEqual([release]);
    });

    test("changes nothing when the same release is published again, even with another signature", async () => {
      const store = (await open()).connect();
      const release = await prepared(store, "fan", "1.0.0", "content", "first signature");
      await store.publish(release);
      expect(await store.publish(release)).toBe("present");
      const resigned = await prepared(store, "fan", "1.0.0", "content", "second signature");
      expect(await store.publish(resigned)).toBe("present");
      expect(await store.resolve("fan", "1.0.0")).toEqual(release);
    });

    test("refuses another release under a published version", async () => {
      const store = (await open()).connect();
      const release = await prepared(store, "fan", "1.0.0", "content");
      await store.publish(release);
      const other = await prepared(store, "fan", "1.0.0", "other content");
      const error = await thrownBy(() => store.publish(other));
      expect(error.code).toBe("IOT_STORAGE_VERSION_TAKEN");
      expect(error.message).toContain(release.manifestDigest);
      expect(error.message).toContain(other.manifestDigest);
      expect(error.exit).toBe(3);
      expect(await store.resolve("fan", "1.0.0")).toEqual(release);
    });

    test("lets exactly one of several publishers win", async () => {
      const under = await open();
      const releases = await Promise.all(
        ["a", "b", "c", "d"].map((content) => prepared(under.connect(), "fan", "1.0.0", content)),
      );
      const outcomes = await Promise.allSettled(releases.map((release) => under.connect().publish(release)));
      const winners = releases.filter((_, index) => outcomes[index]?.status === "fulfilled");
      expect(winners).toHaveLength(1);
      expect(await under.connect().resolve("fan", "1.0.0")).toEqual(winners[0]);
    });

    test("does not publish what is not whole", async () => {
      const store = (await open()).connect();
      const layer = blobOf("never put");
      const release = await prepared(store, "fan", "1.0.0", "content", "signature", layer);
      const error = await thrownBy(() => store.publish(release));
      expect(error.code).toBe("IOT_STORAGE_BLOB_MISSING");
      expect(error.message).toContain(layer.digest);
      expect(await store.resolve("fan", "1.0.0")).toBeNull();
    });

    test("does not publish a release under the signature of another", async () => {
      const store = (await open()).connect();
      const one = await prepared(store, "fan", "1.0.0", "one");
      const two = await prepared(store, "fan", "1.0.0", "two");
      const { signatureDigest, signatureSizeBytes } = two;
      const error = await thrownBy(() => store.publish({ ...one, signatureDigest, signatureSizeBytes }));
      expect(error.code).toBe("IOT_STORAGE_CORRUPT");
      expect(await store.resolve("fan", "1.0.0")).toBeNull();
    });

    test("lists the releases of one product in the order of publication", async () => {
      const store = (await open()).connect();
      for (const version of ["1.10.0", "1.9.0", "2.0.0-rc.1", "1.9.1+build.7"]) {
        await store.publish(await prepared(store, "fan", version));
      }
      await store.publish(await prepared(store, "lamp", "1.0.0"));
      const versions = (await store.list("fan")).map((release) => release.version);
      expect(versions).toEqual(["1.10.0", "1.9.0", "2.0.0-rc.1", "1.9.1+build.7"]);
    });

    test("keeps products with unusual names apart", async () => {
      const store = (await open()).connect();
      const names = ["..", ".", "a/b", "a", "a%2Fb", "ä ö"];
      for (const product of names) await store.publish(await prepared(store, product, "1.0.0"));
      for (const product of names) {
        expect((await store.list(product)).map((release) => release.product)).toEqual([product]);
      }
    });
  });
}

function blobOf(content: string | Uint8Array): Blob {
  const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
  return { digest, sizeBytes: Buffer.byteLength(content) };
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(at, at + size);
  }
}

async function put(store: ArtifactStore, content: string): Promise<Blob> {
  const blob = blobOf(content);
  await store.putBlob(blob, () => inChunks(Buffer.from(content), 1000));
  return blob;
}

async function collect(store: ArtifactStore, digest: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.openBlob(digest)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Puts all blobs of a small release and returns its record, not yet published. */
async function prepared(
  store: ArtifactStore,
  product: string,
  version: string,
  content = "content",
  signature = "signature",
  extraLayer?: Blob,
): Promise<StoredRelease> {
  const config = descriptor(await put(store, "{}"));
  const layers = [descriptor(await put(store, content)), ...(extraLayer ? [descriptor(extraLayer)] : [])];
  const manifest = await put(store, canonicalJson({ schemaVersion: 2, product, version, config, layers }));
  const signed = await put(
    store,
    canonicalJson({
      schemaVersion: 2,
      config,
      layers: [descriptor(await put(store, signature))],
      subject: descriptor(manifest),
    }),
  );
  return {
    product,
    version,
    manifestDigest: manifest.digest,
    manifestSizeBytes: manifest.sizeBytes,
    signatureDigest: signed.digest,
    signatureSizeBytes: signed.sizeBytes,
  };
}

function descriptor({ digest, sizeBytes }: Blob): { digest: string; size: number } {
  return { digest, size: sizeBytes };
}
