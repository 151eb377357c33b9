import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestBytes } from "../../src/bundle/digest-file.ts";
import { pushBundle } from "../../src/bundle/push-bundle.ts";
import { readReleasedVersions } from "../../src/bundle/released-versions.ts";
import { signBundle } from "../../src/bundle/sign-bundle.ts";
import { verifyRelease } from "../../src/bundle/verify-release.ts";
import { bundleRelease } from "../../src/bundle/write-bundle.ts";
import type { Component, KnownVersion, Release } from "../../src/manifest/release.ts";
import type { KeySigner } from "../../src/signing/signer.ts";
import type { ArtifactStore, StoredRelease } from "../../src/storage/artifact-store.ts";
import { DirectoryStore } from "../../src/storage/directory/directory-store.ts";
import { blobPath } from "../../src/storage/oci-layout.ts";
import { readSmallBlob } from "../../src/storage/read-small-blob.ts";
import { keyIn } from "../support/fan-bundle.ts";
import { fanRelease, writeFanArtifacts } from "../support/fan-release.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const product = "ceiling-fan";

/** A store in a directory of its own, and how to publish in it. */
function emptyStore() {
  const dir = temporaryDirectory();
  writeFanArtifacts(dir);
  const store = new DirectoryStore(join(dir, "store"));
  const signer = keyIn(dir);
  const publish = async (release: Release, by: KeySigner = signer): Promise<StoredRelease> => {
    const { dir: bundleDir } = await bundleRelease({ release, releaseDir: dir, dir: join(dir, "bundle") });
    await signBundle({ dir: bundleDir, signer: by });
    const trustedKeys = [by.trustedKey];
    return (await pushBundle({ bundleDir, store, trustedKeys })).release;
  };
  return { dir, store, signer, publish, trustedKeys: [signer.trustedKey] };
}

/** The fan release with other firmware facts. */
function releaseWith(
  version: string,
  change: { components?: Record<string, Component>; known?: Record<string, Record<string, KnownVersion>> },
): Release {
  const release = fanRelease(version);
  return {
    ...release,
    components: { ...release.components, ...change.components },
    known: change.known ?? {},
  };
}

function firmware(version: string, requires: Record<string, string>): Component {
  return { kind: "firmware", version, variants: { "fan-a1": "build/fan-a1.bin" }, requires };
}

test("knows every version that a release brought or knew, with the proof of it", async () => {
  const { publish, store, trustedKeys } = emptyStore();
  await publish(fanRelease("2026.10.0"));
  await publish(releaseWith("2026.11.0", { components: { fan: firmware("2.1.0", { cloud: ">=5.0.0" }) } }));
  const { versions, warnings } = await readReleasedVersions(store, product, trustedKeys);
  expect(warnings).toEqual([]);
  expect([...versions].map(([component, known]) => [component, [...known.keys()].toSorted()])).toEqual([
    ["app-android", ["4.1.0", "4.2.0"]],
    ["fan", ["1.8.0", "1.9.4", "2.0.0", "2.1.0"]],
    ["cloud", ["5.2.0"]],
  ]);
  const hop = versions.get("fan")?.get("2.0.0");
  expect(hop).toMatchObject({ release: "2026.10.0", resolved: { requires: { "app-android": ">=4.1.0" } } });
  // What devices are to be shown lies in the store under the digest that is named.
  const bytes: Uint8Array[] = [];
  for await (const chunk of store.openBlob(hop?.attestationDigest ?? "")) bytes.push(chunk);
  const { resolved, subjects } = verifyRelease(Buffer.concat(bytes), trustedKeys);
  expect(resolved.components["fan"]).toEqual(hop?.resolved);
  for (const { digest } of hop?.resolved.artifacts ?? []) expect(subjects.has(digest)).toBe(true);
});

test("is empty where nothing was published", async () => {
  const { store } = emptyStore();
  const index = await readReleasedVersions(store, product, []);
  expect(index).toMatchObject({ releases: {}, warnings: [] });
  expect(index.versions.size).toBe(0);
});

test("has a digest that changes exactly when the releases in it do", async () => {
  const { publish, signer, store, trustedKeys } = emptyStore();
  const digests = async (keys = trustedKeys, except?: string) =>
    (await readReleasedVersions(store, product, keys, except)).digest;
  const empty = await digests();
  const first = await publish(fanRelease("2026.10.0"));
  const one = await digests();
  expect(one).not.toBe(empty);
  expect(await digests()).toBe(one);
  await publish({ ...fanRelease("1.0.0"), product: "lamp" });
  expect(await digests()).toBe(one);
  await publish(fanRelease("2026.11.0"));
  expect(await digests()).not.toBe(one);
  expect(await digests(trustedKeys, "2026.11.0")).toBe(one);
  expect(await digests([])).toBe(empty);
  const { releases } = await readReleasedVersions(store, product, [signer.trustedKey], "2026.11.0");
  expect(releases).toEqual({ "2026.10.0": first.manifestDigest });
});

test("believes nothing that no trusted key signed, and says which release that is", async () => {
  const { dir, publish, store, trustedKeys } = emptyStore();
  await publish(fanRelease("2026.10.0"));
  const before = await readReleasedVersions(store, product, trustedKeys);
  const stranger = keyIn(dir, "stranger");
  const lies = releaseWith("2026.11.0", { components: { fan: firmware("2.0.0", {}) } });
  await publish(lies, stranger);
  const { versions, digest, leftOut, warnings } = await readReleasedVersions(store, product, trustedKeys);
  expect(digest).toBe(before.digest);
  expect(versions.get("fan")?.get("2.0.0")).toEqual(before.versions.get("fan")?.get("2.0.0"));
  expect(leftOut).toEqual(["2026.11.0"]);
  expect(warnings).toEqual([
    expect.stringMatching(
      /^Release 2026\.11\.0 in the storage does not count: .*add its key to `signing.trusted`/,
    ),
    expect.stringMatching(/^What was left out is lost/),
  ]);
});

test("leaves out a release whose signature is damaged, missing or another's", async () => {
  const { publish, store, trustedKeys } = emptyStore();
  const damaged = await publish(fanRelease("2026.10.0"));
  const good = await publish(fanRelease("2026.11.0"));
  await store.publish({ ...good, version: "2026.12.0" });
  const manifest = JSON.parse(
    (
      await readSmallBlob(store, { digest: damaged.signatureDigest, sizeBytes: damaged.signatureSizeBytes })
    ).toString(),
  );
  writeFileSync(blobPath(store.location, manifest.layers[0].digest), "{}");
  const { leftOut, releases, warnings } = await readReleasedVersions(store, product, trustedKeys);
  expect(Object.keys(releases)).toEqual(["2026.11.0"]);
  expect(leftOut).toEqual(["2026.10.0", "2026.12.0"]);
  expect(warnings.slice(0, 2).map((text) => text.split(" ")[1])).toEqual(leftOut);
  expect(warnings[0]).toContain("Restore it in the storage");
  writeFileSync(
    blobPath(store.location, damaged.signatureDigest),
    "not a manifest".padEnd(damaged.signatureSizeBytes),
  );
  expect((await readReleasedVersions(store, product, trustedKeys)).leftOut).toHaveLength(2);
});

test.each([">=5.1.0", "<5.3.0", "*"])(
  "where releases disagree both hold (%s), in whatever order they were published",
  async (said) => {
    const both: unknown[] = [];
    for (const order of [0, 1]) {
      const { publish, store, trustedKeys } = emptyStore();
      const brings = releaseWith("2026.10.0", {
        components: { fan: firmware("2.0.0", { cloud: ">=5.0.0", "app-android": ">=4.1.0" }) },
      });
      const names = releaseWith("2026.9.0", {
        components: { fan: firmware("2.1.0", {}) },
        known: { fan: { "2.0.0": { requires: { cloud: said } } } },
      });
      for (const release of order === 0 ? [brings, names] : [names, brings]) await publish(release);
      const { versions, warnings } = await readReleasedVersions(store, product, trustedKeys);
      const fan = versions.get("fan")?.get("2.0.0");
      expect(fan).toMatchObject({
        release: "2026.10.0",
        resolved: { requires: { "app-android": ">=4.1.0" } },
      });
      expect(fan?.resolved.artifacts).toHaveLength(1);
      expect(warnings).toEqual([
        expect.stringMatching(/^Releases .* disagree about what fan@2\.0\.0 needs; what both say holds\.$/),
      ]);
      both.push(fan?.resolved.requires["cloud"]);
    }
    const expected = said === ">=5.1.0" ? said : said === "*" ? ">=5.0.0" : ">=5.0.0 <5.3.0";
    expect(both).toEqual([expected, expected]);
  },
);

test("loses no pin and no image of a version that a later release only mentions", async () => {
  const { publish, store, trustedKeys } = emptyStore();
  await publish(releaseWith("1.0.0", { components: { fan: firmware("2.0.0", { cloud: ">=5.0.0" }) } }));
  const mentions = (version: string, fan: string, requires: Record<string, string>) =>
    publish(
      releaseWith(version, {
        components: { fan: firmware(fan, {}) },
        known: { fan: { "2.0.0": { requires } } },
      }),
    );
  await mentions("1.1.0", "2.1.0", {});
  await mentions("1.2.0", "2.2.0", { cloud: ">=5.0.0" });
  const { versions, warnings } = await readReleasedVersions(store, product, trustedKeys);
  const fan = versions.get("fan")?.get("2.0.0");
  expect(fan).toMatchObject({ release: "1.0.0", resolved: { requires: { cloud: ">=5.0.0" } } });
  expect(fan?.resolved.artifacts).toHaveLength(1);
  expect(warnings).toEqual([]);
});

test("reads the newest thousand releases and says that there are more", async () => {
  const { publish, store, trustedKeys } = emptyStore();
  const stored = await publish(fanRelease("2026.10.0"));
  let opened = 0;
  const crowded: ArtifactStore = Object.create(store, {
    list: {
      value: async () => [
        ...Array.from({ length: 1000 }, (_, index) => ({ ...stored, version: `0.${index}.0` })),
        stored,
      ],
    },
    openBlob: {
      value: (digest: string) => {
        opened++;
        return store.openBlob(digest);
      },
    },
  });
  const { leftOut, releases, warnings } = await readReleasedVersions(crowded, product, trustedKeys);
  expect(Object.keys(releases)).toEqual(["2026.10.0"]);
  expect(warnings[0]).toContain("has 1001 published releases, and only the newest 1000 were read");
  expect(opened).toBe(2000);
  // The oldest was never looked at; the others are the one that is really there, under a name not its own.
  expect(leftOut).toHaveLength(1000);
  expect(leftOut).toContain("0.0.0");
});

test("a storage that cannot be read is an error, not an empty index", async () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "store"));
  writeFileSync(join(dir, "store", "releases"), "a file");
  const error = await thrownBy(() =>
    readReleasedVersions(new DirectoryStore(join(dir, "store")), product, []),
  );
  expect(error.code).toBe("IOT_STORAGE_UNAVAILABLE");
});

test("the digest is that of the releases as canonical JSON", async () => {
  const { store } = emptyStore();
  expect((await readReleasedVersions(store, product, [])).digest).toBe(digestBytes("{}").digest);
});
