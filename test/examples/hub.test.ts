import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/read-bundle.ts";
import { resolveRelease } from "../../src/bundle/resolve-release.ts";
import { signBundle } from "../../src/bundle/sign-bundle.ts";
import { verifyBundle } from "../../src/bundle/verify-bundle.ts";
import { verifyRelease } from "../../src/bundle/verify-release.ts";
import { writeBundle } from "../../src/bundle/write-bundle.ts";
import { createRelation } from "../../src/compat/relation.ts";
import { loadRelease } from "../../src/manifest/load-release.ts";
import { factsOfRelease } from "../../src/manifest/release-facts.ts";
import { blobPath } from "../../src/storage/oci-layout.ts";
import { keyIn } from "../support/fan-bundle.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const manifest = fileURLToPath(new URL("../../examples/hub/release.yaml", import.meta.url));
const hubs = ["primehub", "essentialhub", "technichub"] as const;

/** Content of one entry of a zip file, found through its central directory (PKWARE APPNOTE 4.3). */
function zipEntry(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let header = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    const nameBytes = zip.readUInt16LE(header + 28);
    if (zip.toString("utf8", header + 46, header + 46 + nameBytes) === name) {
      const local = zip.readUInt32LE(header + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const content = zip.subarray(start, start + zip.readUInt32LE(header + 20));
      return zip.readUInt16LE(header + 10) === 0 ? content : inflateRawSync(content);
    }
    header += 46 + nameBytes + zip.readUInt16LE(header + 30) + zip.readUInt16LE(header + 32);
  }
  throw new Error(`no ${name} in the zip file`);
}

function fileFor(dir: string, path: string | undefined): Buffer {
  return readFileSync(resolve(dir, path!));
}

describe("the hub example", () => {
  it("loads without a warning, its artifacts are there", async () => {
    const { warnings } = await loadRelease(manifest, {}, { artifactsMustExist: true });
    expect(warnings).toEqual([]);
  });

  it("pins the versions that the files themselves say", async () => {
    const { release, dir } = await loadRelease(manifest, {});
    const { hub, app } = release.components;
    if (hub?.kind !== "firmware" || app?.kind !== "app") throw new Error("the example has changed its kinds");
    const known = release.known["hub"]!["4.0.0-b4"]!;
    for (const model of hubs) {
      for (const [version, path] of [
        [hub.version, hub.variants[model]],
        ["4.0.0-b4", known.variants?.[model]],
      ] as const) {
        const metadata = JSON.parse(zipEntry(fileFor(dir, path), "firmware.metadata.json").toString());
        expect(metadata["firmware-version"]).toMatch(new RegExp(`-v${version.replace("-", "")}$`));
      }
    }
    // Strings of an Android manifest are UTF-16 or UTF-8 in its string pool; the two say what the app is.
    const strings = zipEntry(fileFor(dir, app.artifact), "AndroidManifest.xml");
    for (const text of [app.id, app.version]) {
      expect(strings.includes(text, 0, "utf16le") || strings.includes(text), text).toBe(true);
    }
  });

  it("lets only the order app, then firmware", async () => {
    const { release } = await loadRelease(manifest, {});
    const relation = createRelation(factsOfRelease(release));
    const verdict = (app: string, hub: string): string =>
      relation.verdict({ component: "app", version: app }, { component: "hub", version: hub }).kind;
    expect(verdict("8.0.9", "4.0.0-b4")).toBe("compatible");
    expect(verdict("8.0.10", "4.0.0-b4")).toBe("compatible");
    expect(verdict("8.0.10", "4.0.0-b5")).toBe("compatible");
    expect(verdict("8.0.9", "4.0.0-b5")).toBe("incompatible");
  });

  it("is sealed with the real digests, signed, and verified by others than its signer", async () => {
    const scratch = temporaryDirectory();
    const { release, dir } = await loadRelease(manifest, {});
    const { resolved, files } = await resolveRelease(release, dir);
    const bundle = await writeBundle({ resolved, files, dir: join(scratch, "bundle") });
    const signer = keyIn(scratch);
    await signBundle({ dir: bundle.dir, signer });

    const signed = await readBundle(bundle.dir);
    await expect(verifyBundle(bundle.dir, [signer.trustedKey])).resolves.toMatchObject({
      signatures: [{ hint: signer.trustedKey.hint }],
    });
    const signature = readFileSync(blobPath(bundle.dir, signed.signature!.bundles[0]!.digest));
    const { subjects, resolved: proved } = verifyRelease(signature, [signer.trustedKey]);
    expect(proved).toEqual(resolved);

    const { hub } = release.components;
    if (hub?.kind !== "firmware") throw new Error("the example has changed its kinds");
    for (const model of hubs) {
      const content = fileFor(dir, hub.variants[model]);
      const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
      expect(subjects.has(digest), model).toBe(true);
      expect(proved.components["hub"]!.artifacts).toContainEqual({
        filename: `${model}.zip`,
        hardware: model,
        digest,
        sizeBytes: content.length,
      });
    }
    // Three boards in two versions and one app, each its own file.
    expect(files.size).toBe(7);
    await expect(verifyBundle(bundle.dir, [keyIn(scratch, "stranger").trustedKey])).rejects.toMatchObject({
      code: "IOT_SIGNATURE_UNTRUSTED",
    });
  });
});
