import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../src/base/canonical-json.ts";
import { releaseStatement } from "../../src/bundle/bundle-format.ts";
import { readBundle } from "../../src/bundle/read-bundle.ts";
import type { ResolvedRelease } from "../../src/bundle/resolved-release.ts";
import { signBundle } from "../../src/bundle/sign-bundle.ts";
import { verifyBundle } from "../../src/bundle/verify-bundle.ts";
import { verifyRelease } from "../../src/bundle/verify-release.ts";
import type { KeySigner } from "../../src/signing/signer.ts";
import { signStatement } from "../../src/signing/sign-statement.ts";
import type { Statement } from "../../src/signing/statement.ts";
import { blobPath } from "../../src/storage/oci-layout.ts";
import { bundleIn, keyIn, signedBundleIn } from "../support/fan-bundle.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

test("a signed bundle verifies, and says by which key", async () => {
  const { bundle, signer } = await signedBundleIn(temporaryDirectory());
  const verified = await verifyBundle(bundle.dir, [signer.trustedKey]);
  const file = blobPath(bundle.dir, bundle.signature?.bundles[0]?.digest ?? "");
  expect(verified).toEqual({ bundle, signatures: [{ hint: signer.trustedKey.hint, file }] });
});

test("what a device verifies is the release with every artifact and the manifest", async () => {
  const { bundle, signer } = await signedBundleIn(temporaryDirectory());
  const signature = readFileSync(blobPath(bundle.dir, bundle.signature?.bundles[0]?.digest ?? ""));
  const release = verifyRelease(signature, [signer.trustedKey]);
  expect(release.resolved).toEqual(bundle.resolved);
  expect(release.manifestDigest).toBe(bundle.manifest.digest);
  const digests = new Set([bundle.manifest.digest, ...bundle.artifacts.map((artifact) => artifact.digest)]);
  expect(new Set(release.subjects.keys())).toEqual(digests);
  expect(release.subjects.get(bundle.manifest.digest)).toBe("ceiling-fan@2026.11.0");
});

test("signing again with the same key keeps the signature, another key adds its own", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir);
  expect(await signBundle({ dir: bundle.dir, signer })).toEqual({ result: "present", bundle });
  const second = keyIn(dir, "second");
  const both = await signBundle({ dir: bundle.dir, signer: second });
  expect(both.result).toBe("signed");
  expect(await readBundle(bundle.dir)).toEqual(both.bundle);
  const signedBy = async (...keys: KeySigner[]): Promise<string[]> => {
    const trustedKeys = keys.map((key) => key.trustedKey);
    return (await verifyBundle(bundle.dir, trustedKeys)).signatures.map(({ hint }) => hint);
  };
  const [first, other] = [signer.trustedKey.hint, second.trustedKey.hint];
  expect(await signedBy(second, signer)).toEqual([first, other]);
  expect(await signedBy(second)).toEqual([other]);
});

test("a signature file that was damaged is replaced by signing again", async () => {
  const { bundle, signer } = await signedBundleIn(temporaryDirectory());
  writeFileSync(blobPath(bundle.dir, bundle.signature?.bundles[0]?.digest ?? ""), "{}");
  expect((await signBundle({ dir: bundle.dir, signer })).result).toBe("signed");
  await expect(verifyBundle(bundle.dir, [signer.trustedKey])).resolves.toBeDefined();
});

test("an unsigned bundle is refused, with the command that signs it", async () => {
  const dir = temporaryDirectory();
  const bundle = await bundleIn(dir);
  const error = await thrownBy(() => verifyBundle(bundle.dir, [keyIn(dir).trustedKey]));
  expect(error.code).toBe("IOT_SIGNATURE_MISSING");
  expect(error.exit).toBe(3);
  expect(error.hints).toContain(`iotctl sign ${bundle.dir}`);
});

test("a bundle signed by another key is refused, with both hints", async () => {
  const dir = temporaryDirectory();
  const { bundle, signer } = await signedBundleIn(dir);
  const other = keyIn(dir, "other").trustedKey;
  const error = await thrownBy(() => verifyBundle(bundle.dir, [other]));
  expect(error.code).toBe("IOT_SIGNATURE_UNTRUSTED");
  expect(error.details).toEqual({ found: signer.trustedKey.hint, trusted: [other.hint] });
});

test("says which artifacts changed, with the digest expected and the one found", async () => {
  const { bundle, signer } = await signedBundleIn(temporaryDirectory());
  const [app, , , firmware] = bundle.artifacts;
  if (!app || !firmware) throw new Error("the release has these artifacts");
  writeFileSync(blobPath(bundle.dir, app.digest), "swapped");
  rmSync(blobPath(bundle.dir, firmware.digest));
  const error = await thrownBy(() => verifyBundle(bundle.dir, [signer.trustedKey]));
  expect(error.code).toBe("IOT_ARTIFACT_CHANGED");
  expect(error.exit).toBe(3);
  expect(error.message).toContain(app.name);
  expect(error.message).toContain(app.digest);
  const [first, second] = error.details["files"] as { name: string; found: string | null }[];
  expect(first).toMatchObject({ name: app.name, found: expect.stringMatching(/^sha256:/) });
  expect(second).toMatchObject({ name: firmware.name, found: null });
  expect((await thrownBy(() => signBundle({ dir: bundle.dir, signer }))).code).toBe("IOT_ARTIFACT_CHANGED");
});

test("no single changed byte in any file of a signed bundle is accepted", async () => {
  const { bundle, signer } = await signedBundleIn(temporaryDirectory(), { sizeBytes: 64 });
  const files = [
    ...["oci-layout", "index.json"].map((name) => join(bundle.dir, name)),
    ...readdirSync(join(bundle.dir, "blobs", "sha256")).map((name) =>
      join(bundle.dir, "blobs", "sha256", name),
    ),
  ];
  const accepted = /^IOT_(ARTIFACT_CHANGED|BUNDLE_INVALID|SIGNATURE_(INVALID|UNTRUSTED|MISSING))$/;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 1, max: 255 }),
      async (file, where, flip) => {
        const original = readFileSync(file);
        const changed = Buffer.from(original);
        const at = Math.floor(where * changed.length);
        changed[at] = (changed[at] ?? 0) ^ flip;
        writeFileSync(file, changed);
        try {
          expect((await thrownBy(() => verifyBundle(bundle.dir, [signer.trustedKey]))).code).toMatch(
            accepted,
          );
        } finally {
          writeFileSync(file, original);
        }
      },
    ),
    { numRuns: 500 },
  );
  await expect(verifyBundle(bundle.dir, [signer.trustedKey])).resolves.toBeDefined();
});

test.each(["oci-layout", "index.json"])("a bundle with an empty %s is not a bundle", async (name) => {
  const { bundle, signer } = await signedBundleIn(temporaryDirectory());
  truncateSync(join(bundle.dir, name));
  const error = await thrownBy(() => verifyBundle(bundle.dir, [signer.trustedKey]));
  expect(error.code).toBe("IOT_BUNDLE_INVALID");
});

test("a directory without a bundle says so", async () => {
  const error = await thrownBy(() => readBundle(join(temporaryDirectory(), "nowhere")));
  expect(error.code).toBe("IOT_BUNDLE_INVALID");
  expect(error.exit).toBe(2);
});

test("the signature of one bundle does not pass for another", async () => {
  const dir = temporaryDirectory();
  const { bundle: signed, signer } = await signedBundleIn(dir);
  const signature = readFileSync(blobPath(signed.dir, signed.signature?.bundles[0]?.digest ?? ""));
  const other = await bundleIn(temporaryDirectory(), { seed: "second build" });
  const { checkSignature } = await import("../../src/bundle/check-signatures.ts");
  const error = await thrownBy(() => checkSignature(other, signature, [signer.trustedKey]));
  expect(error.code).toBe("IOT_SIGNATURE_INVALID");
  expect(error.message).toContain(other.manifest.digest);
});

const wrongStatements: [string, (good: Statement) => Statement][] = [
  ["of another predicate type", (good) => ({ ...good, predicateType: "https://slsa.dev/provenance/v1" })],
  ["without one of its artifacts", (good) => ({ ...good, subject: good.subject.slice(0, -1) })],
  [
    "with a foreign subject",
    (good) => ({
      ...good,
      subject: [...good.subject, { name: "extra", digest: { sha256: "f".repeat(64) } }],
    }),
  ],
  [
    "with a renamed subject",
    (good) => ({
      ...good,
      subject: good.subject.map((subject, index) => (index === 2 ? { ...subject, name: "fan" } : subject)),
    }),
  ],
  [
    "with another digest",
    (good) => ({
      ...good,
      subject: good.subject.map((subject, index) =>
        index === 2 ? { ...subject, digest: { sha256: "f".repeat(64) } } : subject,
      ),
    }),
  ],
  [
    "of a release in a newer format",
    (good) => ({ ...good, predicate: { ...(good.predicate as ResolvedRelease), schemaVersion: 2 } }),
  ],
  [
    "of a release with a member nobody knows",
    (good) => ({ ...good, predicate: { ...(good.predicate as ResolvedRelease), forbids: "fan-c3" } }),
  ],
];
test.each(wrongStatements)("a well signed statement %s is invalid", async (_, change) => {
  const dir = temporaryDirectory();
  const { resolved, manifest } = await bundleIn(dir);
  const signer = keyIn(dir);
  const statement = change(releaseStatement(resolved, manifest.digest));
  const signature = await signStatement(statement, signer);
  const error = await thrownBy(() => verifyRelease(signature, [signer.trustedKey]));
  expect(error.code).toBe("IOT_SIGNATURE_INVALID");
});

test("a statement about something else says what it is about", async () => {
  const dir = temporaryDirectory();
  const { resolved, manifest } = await bundleIn(dir);
  const signer = keyIn(dir);
  const statement = {
    ...releaseStatement(resolved, manifest.digest),
    predicateType: "https://slsa.dev/provenance/v1",
  };
  const signature = await signStatement(statement, signer);
  const error = await thrownBy(() => verifyRelease(signature, [signer.trustedKey]));
  expect(error.message).toContain("but speaks of https://slsa.dev/provenance/v1");
});

test("a consistent bundle whose metadata iotctl would not write is refused", async () => {
  const { bundle } = await signedBundleIn(temporaryDirectory());
  const path = join(bundle.dir, "index.json");
  const index = JSON.parse(readFileSync(path, "utf8"));
  index.manifests[0].annotations["org.opencontainers.image.ref.name"] = "ceiling-fan/2099.1.0";
  writeFileSync(path, canonicalJson(index));
  expect((await thrownBy(() => readBundle(bundle.dir))).code).toBe("IOT_BUNDLE_INVALID");
});
