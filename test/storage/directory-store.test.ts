import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestBytes } from "../../src/bundle/digest-file.ts";
import { DirectoryStore } from "../../src/storage/directory/directory-store.ts";
import { blobPath } from "../../src/storage/oci-layout.ts";
import { artifactStoreContract } from "../contract/artifact-store.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

artifactStoreContract("the directory storage", () => {
  const dir = temporaryDirectory();
  return {
    connect: () => new DirectoryStore(dir),
    corrupt(digest) {
      const path = blobPath(dir, digest);
      const bytes = readFileSync(path);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      chmodSync(path, 0o644);
      writeFileSync(path, bytes);
    },
  };
});

async function* once(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}

test("what a crash left in tmp/ is ignored, kept while fresh, and removed by a later put", async () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "tmp"));
  writeFileSync(join(dir, "tmp", "old"), "half a blob");
  utimesSync(join(dir, "tmp", "old"), 1_000_000, 1_000_000);
  writeFileSync(join(dir, "tmp", "fresh"), "of another writer");
  await new DirectoryStore(dir).putBlob(digestBytes("new"), () => once("new"));
  expect(readdirSync(join(dir, "tmp"))).toEqual(["fresh"]);
});

test("a blob that was cut short behind the store's back is written again by the next put", async () => {
  const dir = temporaryDirectory();
  const store = new DirectoryStore(dir);
  const blob = digestBytes("complete");
  await store.putBlob(blob, () => once("complete"));
  writeFileSync(blobPath(dir, blob.digest), "comp");
  expect(await store.putBlob(blob, () => once("complete"))).toBe("stored");
  expect(readFileSync(blobPath(dir, blob.digest), "utf8")).toBe("complete");
});

test("reading creates nothing", async () => {
  const dir = join(temporaryDirectory(), "store");
  const store = new DirectoryStore(dir);
  expect(await store.resolve("fan", "1.0.0")).toBeNull();
  expect(await store.list("fan")).toEqual([]);
  expect(await store.hasBlob(digestBytes("").digest)).toBe(false);
  expect(existsSync(dir)).toBe(false);
});

test("a store whose place is a file says so", async () => {
  const file = join(temporaryDirectory(), "store");
  writeFileSync(file, "");
  const error = await thrownBy(() => new DirectoryStore(file).putBlob(digestBytes("x"), () => once("x")));
  expect(error.code).toBe("IOT_STORAGE_UNAVAILABLE");
  expect(error.exit).toBe(7);
});

test("a release record that cannot be read is damage, not absence", async () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "releases", "fan"), { recursive: true });
  writeFileSync(join(dir, "releases", "fan", "1.0.0.json"), "{");
  expect((await thrownBy(() => new DirectoryStore(dir).resolve("fan", "1.0.0"))).code).toBe(
    "IOT_STORAGE_CORRUPT",
  );
});

test.each(["sha256:../../../etc/passwd", "sha512:00", ""])(
  "the digest %j never becomes a path",
  async (digest) => {
    const store = new DirectoryStore(temporaryDirectory());
    const error = await thrownBy(() => store.putBlob({ digest, sizeBytes: 0 }, () => once("")));
    expect(error.code).toBe("IOT_STORAGE_DIGEST_MISMATCH");
  },
);
