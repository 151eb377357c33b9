import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestFile } from "../../src/bundle/digest-file.ts";
import { readBundle } from "../../src/bundle/read-bundle.ts";
import { resolveRelease } from "../../src/bundle/resolve-release.ts";
import { factsOfResolved } from "../../src/bundle/resolved-facts.ts";
import { bundleRelease, writeBundle } from "../../src/bundle/write-bundle.ts";
import { signBundle } from "../../src/bundle/sign-bundle.ts";
import { verifyRelease } from "../../src/bundle/verify-release.ts";
import { factsOfRelease } from "../../src/manifest/release-facts.ts";
import { DirectoryStore } from "../../src/storage/directory/directory-store.ts";
import { blobPath } from "../../src/storage/oci-layout.ts";
import { bundleIn, keyIn } from "../support/fan-bundle.ts";
import { fanRelease, writeFanArtifacts } from "../support/fan-release.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8"));

test("writes an OCI image layout with every artifact under its name", async () => {
  const dir = temporaryDirectory();
  const bundle = await bundleIn(dir);
  expect(readJson(join(bundle.dir, "oci-layout"))).toEqual({ imageLayoutVersion: "1.0.0" });
  const [entry] = readJson(join(bundle.dir, "index.json")).manifests;
  expect(entry.artifactType).toBe("application/vnd.iotctl.release.v1+json");
  const manifest = readJson(blobPath(bundle.dir, entry.digest));
  const layers = manifest.layers as { digest: string; annotations: Record<string, string> }[];
  expect(layers.map((layer) => layer.annotations["org.opencontainers.image.title"])).toEqual([
    "app-android/4.2.0/fan.aab",
    "fan/1.9.4/fan-a1/fan.bin",
    "fan/1.9.4/fan-b2/fan.bin",
    "fan/2.0.0/fan-a1/fan-a1.bin",
    "fan/2.0.0/fan-b2/fan-b2.bin",
  ]);
  for (const { digest } of layers)
    expect((await digestFile(blobPath(bundle.dir, digest))).digest).toBe(digest);
  expect(readJson(blobPath(bundle.dir, manifest.config.digest))).toEqual(bundle.resolved);
});

test("stores a file that serves two variants once, and nothing that is not named", async () => {
  const bundle = await bundleIn(temporaryDirectory());
  const blobs = readdirSync(join(bundle.dir, "blobs", "sha256"));
  expect(blobs).toHaveLength(4 + 2);
  expect(readdirSync(bundle.dir).toSorted()).toEqual(["blobs", "index.json", "oci-layout"]);
});

test("the same input gives the same manifest, wherever and in whatever order it lies", async () => {
  const one = temporaryDirectory();
  const two = temporaryDirectory();
  const { manifest } = await bundleIn(one);
  writeFanArtifacts(two);
  const release = fanRelease();
  const reversed = {
    ...release,
    components: Object.fromEntries(Object.entries(release.components).toReversed()),
  };
  const other = await bundleRelease({ release: reversed, releaseDir: two, dir: join(two, "elsewhere") });
  expect(other.manifest).toEqual(manifest);
});

test("other bytes give another manifest", async () => {
  const one = await bundleIn(temporaryDirectory());
  const two = await bundleIn(temporaryDirectory(), { seed: "second build" });
  expect(two.manifest.digest).not.toBe(one.manifest.digest);
});

test("reads each file once, and the bundle says what was written", async () => {
  const dir = temporaryDirectory();
  writeFanArtifacts(dir);
  const read: string[] = [];
  const { resolved, files } = await resolveRelease(fanRelease(), dir, (path) => {
    read.push(path);
    return digestFile(path);
  });
  expect(read.toSorted()).toEqual(
    ["build/fan-a1.bin", "build/fan-b2.bin", "build/fan.aab", "old/fan.bin"].map((path) => join(dir, path)),
  );
  expect([...files.values()].map((file) => file.path).toSorted()).toEqual(read.toSorted());
  const written = await writeBundle({ resolved, files, dir: join(dir, "bundle") });
  expect(await readBundle(join(dir, "bundle"))).toEqual(written);
});

test("a bundle and its manifest file give the same facts to the planner", async () => {
  const { resolved } = await bundleIn(temporaryDirectory());
  const byName = (a: { component: string; version: string }, b: { component: string; version: string }) =>
    `${a.component}@${a.version}` < `${b.component}@${b.version}` ? -1 : 1;
  expect(factsOfResolved(resolved).toSorted(byName)).toEqual(factsOfRelease(fanRelease()).toSorted(byName));
});

test("says what a plan may do beyond the plain moves, and nothing about it where there is nothing", async () => {
  const dir = temporaryDirectory();
  const plain = await bundleIn(dir);
  expect(JSON.stringify(plain.resolved)).not.toMatch(/bridges|stuck|keepsVersions|securityCounter/);
  const release = fanRelease();
  const { "app-android": app, cloud, fan } = release.components;
  if (app?.kind !== "app" || cloud?.kind !== "service" || fan?.kind !== "firmware")
    throw new Error("the fan has an app and a cloud");
  const special: typeof release = {
    ...release,
    components: {
      ...release.components,
      "app-android": { ...app, bridges: { fan: ">=1.0.0" } },
      cloud: { ...cloud, keepsVersions: true },
      fan: { ...fan, securityCounter: 4_294_967_295 },
    },
    known: {
      ...release.known,
      "app-android": { "4.1.0": { requires: {}, bridges: { fan: "<1.9.0" }, stuck: "iOS 12" } },
    },
  };
  const bundle = await bundleRelease({ release: special, releaseDir: dir, dir: join(dir, "special") });
  const signer = keyIn(dir);
  await signBundle({ dir: bundle.dir, signer });
  const signature = (await readBundle(bundle.dir)).signature?.bundles[0];
  const bytes = readFileSync(blobPath(bundle.dir, signature?.digest ?? ""));
  const { resolved } = verifyRelease(bytes, [signer.trustedKey]);
  expect(resolved.components).toMatchObject({
    "app-android": { bridges: { fan: ">=1.0.0" } },
    cloud: { keepsVersions: true },
    fan: { securityCounter: 4_294_967_295 },
  });
  expect(resolved.known["app-android"]?.["4.1.0"]).toMatchObject({
    bridges: { fan: "<1.9.0" },
    stuck: "iOS 12",
  });
  const byName = (a: { component: string; version: string }, b: { component: string; version: string }) =>
    `${a.component}@${a.version}` < `${b.component}@${b.version}` ? -1 : 1;
  expect(factsOfResolved(resolved).toSorted(byName)).toEqual(factsOfRelease(special).toSorted(byName));
});

test("reports every missing artifact at once, and writes nothing", async () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "build", "fan-a1.bin"), { recursive: true });
  writeFileSync(join(dir, "build", "fan-b2.bin"), "there");
  const error = await thrownBy(() =>
    bundleRelease({ release: fanRelease(), releaseDir: dir, dir: join(dir, "out", "bundle") }),
  );
  expect(error.code).toBe("IOT_ARTIFACT_MISSING");
  expect(error.exit).toBe(2);
  expect(error.message.split("\n")).toEqual([
    "4 artifacts are missing:",
    `  app-android@4.2.0: ${dir}/build/fan.aab does not exist`,
    `  fan@2.0.0 (fan-a1): ${dir}/build/fan-a1.bin is not a regular file`,
    `  fan@1.9.4 (fan-a1): ${dir}/old/fan.bin does not exist`,
    `  fan@1.9.4 (fan-b2): ${dir}/old/fan.bin does not exist`,
  ]);
  expect(existsSync(join(dir, "out"))).toBe(false);
});

test("a file that changed between resolving and writing is refused", async () => {
  const dir = temporaryDirectory();
  writeFanArtifacts(dir);
  const { resolved, files } = await resolveRelease(fanRelease(), dir);
  writeFileSync(join(dir, "build", "fan-a1.bin"), "rebuilt meanwhile");
  const error = await thrownBy(() => writeBundle({ resolved, files, dir: join(dir, "bundle") }));
  expect(error.code).toBe("IOT_ARTIFACT_CHANGED");
  expect(error.message).toContain("fan-a1.bin");
  expect(readdirSync(dir).toSorted()).toEqual(["build", "old"]);
});

test("a file that grows while it is read is refused", async () => {
  const path = join(temporaryDirectory(), "growing.bin");
  writeFileSync(path, Buffer.alloc(20 * 1024 * 1024));
  const reading = digestFile(path);
  appendFileSync(path, "more");
  const error = await thrownBy(() => reading);
  expect(error.code).toBe("IOT_ARTIFACT_CHANGED");
  expect(error.message).toContain("grew");
});

test("replaces an older bundle, signed or not", async () => {
  const dir = temporaryDirectory();
  const older = await bundleIn(dir);
  await signBundle({ dir: older.dir, signer: keyIn(dir) });
  const newer = await bundleIn(dir, { seed: "second build" });
  expect(await readBundle(newer.dir)).toEqual(newer);
  expect(newer.manifest.digest).not.toBe(older.manifest.digest);
  expect(readdirSync(dir).toSorted()).toEqual(["build", "bundle", "dev.pem", "dev.pub.pem", "old"]);
});

test("never replaces what is not a bundle", async () => {
  const dir = temporaryDirectory();
  const write = (name: string) => {
    writeFanArtifacts(dir);
    return bundleRelease({ release: fanRelease(), releaseDir: dir, dir: join(dir, name) });
  };
  mkdirSync(join(dir, "mine"));
  writeFileSync(join(dir, "mine", "notes.txt"), "precious");
  writeFileSync(join(dir, "file"), "precious");
  mkdirSync(join(dir, "image"));
  writeFileSync(join(dir, "image", "index.json"), '{"schemaVersion":2,"manifests":[]}');
  const store = new DirectoryStore(join(dir, "store"));
  const { pushBundle } = await import("../../src/bundle/push-bundle.ts");
  const bundle = await bundleIn(dir);
  const signer = keyIn(dir);
  await signBundle({ dir: bundle.dir, signer });
  await pushBundle({ bundleDir: bundle.dir, store, trustedKeys: [signer.trustedKey] });
  for (const name of ["mine", "file", "image", "store"]) {
    expect((await thrownBy(() => write(name))).code).toBe("IOT_BUNDLE_PLACE_TAKEN");
  }
  expect(readFileSync(join(dir, "mine", "notes.txt"), "utf8")).toBe("precious");
  mkdirSync(join(dir, "empty"));
  await expect(write("empty")).resolves.toBeDefined();
});

test("what a crash left beside the bundle is removed by a later one", async () => {
  const dir = temporaryDirectory();
  const left = join(dir, ".bundle.bundle-crash1");
  mkdirSync(left);
  writeFileSync(join(left, "incoming"), "half a file");
  utimesSync(left, 1_000_000, 1_000_000);
  await bundleIn(dir);
  expect(readdirSync(dir).toSorted()).toEqual(["build", "bundle", "old"]);
});
