import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { releaseStatement } from "../../src/bundle/bundle-format.ts";
import type {
  ResolvedArtifact,
  ResolvedComponent,
  ResolvedRelease,
} from "../../src/bundle/resolved-release.ts";
import { loadKeySigner } from "../../src/signing/key-signer.ts";
import { signStatement } from "../../src/signing/sign-statement.ts";
import type { KeySigner } from "../../src/signing/signer.ts";
import { repositoryRoot } from "./repository.ts";

const firmwareDir = join(repositoryRoot, "examples/ceiling-fan/firmware");

export const fanHardware = ["fan-a1", "fan-b2"] as const;

/** A firmware image of the ceiling fan example; `faulty` is the 2.0.0 whose self-test fails. */
export function fanImage(hardware: string, version: "1.8.0" | "1.9.4" | "2.0.0" | "faulty"): Buffer {
  const [dir, name] = version === "faulty" ? ["faulty", "2.0.0"] : ["images", version];
  return readFileSync(join(firmwareDir, dir, `${hardware}-${name}.bin`));
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${hash("sha256", bytes)}`;
}

/** The release of fan 2.0.0 over 1.9.4 (which goes over 1.8.0), with app 4.2.0 over 4.1.0. */
export function fanResolved(options: { readonly faulty?: boolean } = {}): ResolvedRelease {
  const firmware = (version: "1.9.4" | "2.0.0", installsOver: string): ResolvedComponent => ({
    kind: "firmware",
    version,
    requires: version === "2.0.0" ? { "app-ios": ">=4.1.0" } : {},
    installsOver,
    artifacts: fanHardware.map((hardware): ResolvedArtifact => {
      const image = fanImage(hardware, options.faulty && version === "2.0.0" ? "faulty" : version);
      return { filename: `${hardware}.bin`, hardware, digest: digestOf(image), sizeBytes: image.length };
    }),
  });
  const app = (version: string, fan: string): ResolvedComponent => ({
    kind: "app",
    version,
    platform: "ios",
    appId: "com.example.fan",
    requires: { fan },
    artifacts: [],
  });
  return {
    schemaVersion: 1,
    product: "ceiling-fan",
    version: "2026.11.0",
    components: { "app-ios": app("4.2.0", ">=1.9.0 <3.0.0"), fan: firmware("2.0.0", ">=1.8.0 <2.0.0") },
    known: {
      "app-ios": { "4.1.0": app("4.1.0", ">=1.8.0 <2.1.0"), "4.0.0": app("4.0.0", ">=1.8.0 <2.0.0") },
      fan: {
        "1.9.4": firmware("1.9.4", ">=1.8.0 <1.9.4"),
        "1.8.0": { kind: "firmware", version: "1.8.0", requires: {}, artifacts: [] },
      },
    },
  };
}

export function fanSigner(dir: string, name = "key"): KeySigner {
  return loadKeySigner({ keyFile: join(dir, `${name}.pem`), create: true, env: {} });
}

/** A release as devices get it: signed, as the JSON of a Sigstore bundle. */
export function signRelease(resolved: ResolvedRelease, signer: KeySigner): Promise<Uint8Array> {
  return signStatement(releaseStatement(resolved, `sha256:${"0".repeat(64)}`), signer);
}
