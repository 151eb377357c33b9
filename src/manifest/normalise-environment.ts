import { join, resolve } from "node:path";
import type { Environment } from "./environment.ts";
import type { EnvironmentInput } from "./environment-schema.ts";
import { normaliseFreeze } from "./normalise-freeze.ts";

/**
 * An environment with absolute paths and every default filled in: `local` lives in `.iotctl/`,
 * another in `.iotctl/<name>/`. `dir` is the directory of `iotctl.yaml`.
 */
export function normaliseEnvironment(name: string, input: EnvironmentInput, dir: string): Environment {
  const local = name === "local";
  const home = local ? join(dir, ".iotctl") : join(dir, ".iotctl", name);
  const place = (path: string | undefined, standard: string): string =>
    path === undefined ? resolve(home, standard) : resolve(dir, path);
  const { fleet, rollouts, signing, storage, storefront } = input;
  return {
    name,
    fleet: {
      backend: "embedded",
      dir: place(fleet?.directory, "fleet"),
      ...(fleet?.url ? { url: fleet.url } : {}),
      ...(fleet?.["token-env"] ? { tokenEnv: fleet["token-env"] } : {}),
    },
    storefront: {
      kind: "local",
      dir: place(storefront?.directory, "storefront"),
      ...(storefront?.url ? { url: storefront.url } : {}),
    },
    storage: { kind: "directory", dir: place(storage?.directory, "storage") },
    signing: {
      keyFile: place(signing?.key, join("keys", "developer.pem")),
      createKey: local,
      trustedKeyFiles: (signing?.trusted ?? []).map((path) => resolve(dir, path)),
    },
    rollouts: { kind: "directory", dir: place(rollouts, "rollouts") },
    approvals: { approvers: [], least: 0 },
    freezes: (input.freezes ?? []).map(normaliseFreeze),
    metrics: null,
  };
}
