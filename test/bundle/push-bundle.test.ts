import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openStoredRelease } from "../../src/bundle/open-stored-release.ts";
import { pushBundle } from "../../src/bundle/push-bundle.ts";
import { bundleRelease } from "../../src/bundle/write-bundle.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { TrustedKey } from "../../src/signing/trusted-key.ts";
import { DirectoryStore } from "../../src/storage/directory/directory-store.ts";
import { blobPath } from "../../src/storage/oci-layout.ts";
import { bundleIn, keyIn, signedBundleIn } from "../support/fan-bundle.ts";
import { fanRelease, writeFanArtifacts } from "../support/fan-release.ts";
import { growDisk, noSmallDisk, smallDisk } from "../support/small-disk.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const name = { product: "ceiling-fan", version: "2026.11.0" };

/** Reads a published release back and every byte it names. */
async function assertReadable(store: DirectoryStore, trustedKey: TrustedKey): Promise<void> {
  const opened = await openStoredRelease({ store, ...name, trustedKeys: [trustedKey] });
  expect(opened?.resolved).toMatchObject(name);
  for (const digest of opened?.subjects.keys() ?? []) {
    for await (const _ of store.openBlob(digest));
  }
}

test("publishes once; the same release again is present, also when it was signed anew", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir);
  const trustedKeys = [signer.trustedKey];
  const store = new DirectoryStore(join(dir, "store"));
  const first = await pushBundle({ bundleDir: bundle.dir, store, trustedKeys });
  expect(first.result).toBe("published");
  expect(await pushBundle({ bundleDir: bundle.dir, store, trustedKeys })).toEqual({
    ...first,
    result: "present",
  });
  await assertReadable(store, signer.trustedKey);

  const again = await signedBundleIn(dir);
  expect(again.bundle.manifest).toEqual(bundle.manifest);
  expect(again.bundle.signature).not.toEqual(bundle.signature);
  const blobsBefore = readdirSync(join(dir, "store", "blobs", "sha256"));
  expect(await pushBundle({ bundleDir: bundle.dir, store, trustedKeys })).toEqual({
    ...first,
    result: "present",
  });
  expect(readdirSync(join(dir, "store", "blobs", "sha256"))).toEqual(blobsBefore);
});

test("refuses other bytes under the same version before it sends any", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir);
  const trustedKeys = [signer.trustedKey];
  const store = new DirectoryStore(join(dir, "store"));
  await pushBundle({ bundleDir: bundle.dir, store, trustedKeys });
  const blobs = readdirSync(join(dir, "store", "blobs", "sha256"));
  const other = await signedBundleIn(dir, { seed: "second build" });
  const error = await thrownBy(() => pushBundle({ bundleDir: other.bundle.dir, store, trustedKeys }));
  expect(error.code).toBe("IOT_STORAGE_VERSION_TAKEN");
  expect(error.exit).toBe(3);
  expect(error.message).toContain(bundle.manifest.digest);
  expect(readdirSync(join(dir, "store", "blobs", "sha256"))).toEqual(blobs);
});

test("refuses an unsigned bundle, and one by a key that is not trusted", async () => {
  const dir = temporaryDirectory();
  const store = new DirectoryStore(join(dir, "store"));
  const { dir: bundleDir } = await bundleIn(dir);
  const trustedKeys = [keyIn(dir, "other").trustedKey];
  const unsigned = await thrownBy(() => pushBundle({ bundleDir, store, trustedKeys }));
  expect(unsigned.code).toBe("IOT_SIGNATURE_MISSING");
  await signedBundleIn(dir);
  const error = await thrownBy(() => pushBundle({ bundleDir, store, trustedKeys }));
  expect(error.code).toBe("IOT_SIGNATURE_UNTRUSTED");
  expect(await store.list(name.product)).toEqual([]);
});

test("an artifact that changed after signing is never published", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir);
  const trustedKeys = [signer.trustedKey];
  const store = new DirectoryStore(join(dir, "store"));
  const [artifact] = bundle.artifacts;
  if (!artifact) throw new Error("the release has artifacts");
  for (const sizeBytes of [artifact.sizeBytes, artifact.sizeBytes - 1, artifact.sizeBytes + 1]) {
    writeFileSync(blobPath(bundle.dir, artifact.digest), Buffer.alloc(sizeBytes, "swapped"));
    const error = await thrownBy(() => pushBundle({ bundleDir: bundle.dir, store, trustedKeys }));
    expect(error.code).toBe("IOT_ARTIFACT_CHANGED");
    expect(error.message).toContain(artifact.name);
    expect(await store.resolve(name.product, name.version)).toBeNull();
    expect(await store.hasBlob(artifact.digest)).toBe(false);
  }
});

test("pushing again puts back what the storage lost", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir);
  const trustedKeys = [signer.trustedKey];
  const store = new DirectoryStore(join(dir, "store"));
  await pushBundle({ bundleDir: bundle.dir, store, trustedKeys });
  for (const digest of [bundle.artifacts[0]?.digest ?? "", bundle.signature?.bundles[0]?.digest ?? ""]) {
    rmSync(blobPath(store.location, digest));
  }
  expect((await pushBundle({ bundleDir: bundle.dir, store, trustedKeys })).result).toBe("present");
  await assertReadable(store, signer.trustedKey);
});

test("pushing again makes the index for OCI tools whole when a push died before that", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir);
  const store = new DirectoryStore(join(dir, "store"));
  const options = { bundleDir: bundle.dir, store, trustedKeys: [signer.trustedKey] };
  const first = await pushBundle(options);
  const index = join(store.location, "index.json");
  const whole = readFileSync(index, "utf8");
  expect(whole).toContain(bundle.manifest.digest);
  rmSync(index);
  expect(await pushBundle(options)).toEqual({ ...first, result: "present" });
  expect(readFileSync(index, "utf8")).toBe(whole);
});

test("a record that points at another release's signature is seen through", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir);
  const trustedKeys = [signer.trustedKey];
  const store = new DirectoryStore(join(dir, "store"));
  const { release } = await pushBundle({ bundleDir: bundle.dir, store, trustedKeys });
  await store.publish({ ...release, version: "2026.12.0" });
  const options = { store, product: name.product, trustedKeys: [signer.trustedKey] };
  const error = await thrownBy(() => openStoredRelease({ ...options, version: "2026.12.0" }));
  expect(error.code).toBe("IOT_SIGNATURE_INVALID");
  expect(await openStoredRelease({ ...options, version: "2027.1.0" })).toBeNull();
  const untrusted = { ...options, version: name.version, trustedKeys: [keyIn(dir, "other").trustedKey] };
  expect((await thrownBy(() => openStoredRelease(untrusted))).code).toBe("IOT_SIGNATURE_UNTRUSTED");
});

const pushProcess = fileURLToPath(new URL("push-process.ts", import.meta.url));

function startPush(
  bundleDir: string,
  storeDir: string,
): { child: ReturnType<typeof spawn>; said: Promise<string> } {
  const child = spawn(process.execPath, [pushProcess, bundleDir, storeDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { child, said: once(child, "close").then(() => output) };
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";

test("a push killed at any moment leaves nothing visible that is not whole, and goes through when repeated", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir, { sizeBytes: 8 * 1024 * 1024 });
  const trustedKeys = [signer.trustedKey];
  const startedMs = performance.now();
  await startPush(bundle.dir, join(dir, "store")).said;
  const wholePushMs = performance.now() - startedMs;
  const random = seededRandom(20261122);
  let killedMidway = 0;
  for (let round = 0; round < 8; round++) {
    const store = new DirectoryStore(join(dir, `store-${round}`));
    const { child, said } = startPush(bundle.dir, store.location);
    await once(child.stdout as NodeJS.ReadableStream, "data");
    // The kill must land inside real system calls of a real process, so this waits in real time.
    await new Promise((resolve) => setTimeout(resolve, random.next() * wholePushMs));
    child.kill("SIGKILL");
    const published = (await said).includes("published");
    if (!published) killedMidway++;
    if (published || (await store.resolve(name.product, name.version)))
      await assertReadable(store, signer.trustedKey);

    const again = await pushBundle({ bundleDir: bundle.dir, store, trustedKeys });
    expect(["published", "present"]).toContain(again.result);
    await assertReadable(store, signer.trustedKey);
    expect((await store.list(name.product)).length).toBe(1);
    rmSync(store.location, { recursive: true });
  }
  expect(killedMidway).toBeGreaterThan(0);
});

test("of two processes that publish different bytes under one version, one wins", async () => {
  const one = temporaryDirectory();
  const two = temporaryDirectory();
  const storeDir = join(one, "store");
  const bundles = [await signedBundleIn(one), await signedBundleIn(two, { seed: "second build" })];
  const said = await Promise.all(bundles.map(({ bundle }) => startPush(bundle.dir, storeDir).said));
  const results = said.map(lastLine).toSorted((a, b) => a.localeCompare(b));
  expect(results).toEqual(["IOT_STORAGE_VERSION_TAKEN", "published"]);
  const winner = bundles[said.findIndex((text) => text.includes("published"))];
  if (!winner) throw new Error("one of them published");
  await assertReadable(new DirectoryStore(storeDir), winner.signer.trustedKey);
});

test("of two processes that publish the same bytes, none fails", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir);
  const storeDir = join(dir, "store");
  const said = await Promise.all([1, 2].map(() => startPush(bundle.dir, storeDir).said));
  const results = said.map(lastLine);
  expect(results).toContain("published");
  for (const result of results) expect(["published", "present"]).toContain(result);
  await assertReadable(new DirectoryStore(storeDir), signer.trustedKey);
});

test("a full disk is its own error; nothing half-written stays, and room makes it go through", async (context) => {
  const disk = smallDisk(64);
  if (disk === null) context.skip(noSmallDisk);
  else {
    const dir = temporaryDirectory();
    const { bundle, signer } = await signedBundleIn(dir, { sizeBytes: 100_000 });
    const trustedKeys = [signer.trustedKey];
    const store = new DirectoryStore(join(disk, "store"));
    const error = await thrownBy(() => pushBundle({ bundleDir: bundle.dir, store, trustedKeys }));
    expect(error.code).toBe("IOT_DISK_FULL");
    expect(error.message).toContain(store.location);
    expect(await store.list(name.product)).toEqual([]);
    expect(readdirSync(join(store.location, "tmp"))).toEqual([]);

    writeFanArtifacts(dir, "first build", 100_000);
    const options = { release: fanRelease(), releaseDir: dir, dir: join(disk, "bundle") };
    expect((await thrownBy(() => bundleRelease(options))).code).toBe("IOT_DISK_FULL");
    expect(readdirSync(disk)).toEqual(["store"]);

    growDisk(disk, 4096);
    expect((await pushBundle({ bundleDir: bundle.dir, store, trustedKeys })).result).toBe("published");
    await assertReadable(store, signer.trustedKey);
  }
});
