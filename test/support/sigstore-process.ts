import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KeylessSettings } from "../../src/manifest/environment.ts";

const entry = fileURLToPath(new URL("sigstore-authorities.mjs", import.meta.url));

/** Sigstore on loopback, with certificates, logs and times that really verify. */
export interface SigstoreProcess {
  readonly settings: KeylessSettings & { readonly timestampUrl: string };
  /** What the trusted root file holds. */
  readonly trustedRoot: Record<string, unknown[]>;
  stop(): Promise<void>;
}

export async function startSigstore(): Promise<SigstoreProcess> {
  const child = fork(entry, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [{ trustedRoot, url }] = (await once(child, "message")) as [
    { url: string; trustedRoot: SigstoreProcess["trustedRoot"] },
  ];
  const dir = mkdtempSync(join(tmpdir(), "iotctl-"));
  const trustedRootFile = join(dir, "trusted-root.json");
  writeFileSync(trustedRootFile, JSON.stringify(trustedRoot));
  return {
    settings: { fulcioUrl: url, rekorUrl: url, timestampUrl: url, trustedRootFile },
    trustedRoot,
    async stop() {
      const gone = once(child, "exit");
      child.disconnect();
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** An OIDC token as Fulcio takes it; the mock looks at no signature. */
export function identityToken(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ email_verified: true, ...claims })}.c2lnbmF0dXJl`;
}
