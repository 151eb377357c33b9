import { join, resolve } from "node:path";
import type { ApproverSettings, Environment, KeylessSettings, MetricsSettings } from "./environment.ts";
import type { EnvironmentInput } from "./environment-schema.ts";
import { normaliseFreeze } from "./normalise-freeze.ts";
import { normaliseRollouts } from "./normalise-rollouts.ts";

/**
 * An environment with absolute paths and every default filled in: `local` lives in `.iotctl/`,
 * another in `.iotctl/<name>/`. `dir` is the directory of `iotctl.yaml`.
 */
export function normaliseEnvironment(name: string, input: EnvironmentInput, dir: string): Environment {
  const local = name === "local";
  const home = local ? join(dir, ".iotctl") : join(dir, ".iotctl", name);
  const place = (path: string | undefined, standard: string): string =>
    path === undefined ? resolve(home, standard) : resolve(dir, path);
  const { approvals, fleet, rollouts, signing, storage, storefront } = input;
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
      ...(signing?.keyless && { keyless: keylessOf(signing.keyless, dir) }),
    },
    rollouts: normaliseRollouts(rollouts, (path) => place(path, "rollouts")),
    approvals: {
      approvers: (approvals?.approvers ?? []).flatMap((each) => approverOf(each, dir)),
      least: approvals?.least ?? 0,
    },
    freezes: (input.freezes ?? []).map(normaliseFreeze),
    metrics: input.metrics ? metricsOf(input.metrics) : null,
  };
}

function metricsOf({ prometheus }: NonNullable<EnvironmentInput["metrics"]>): MetricsSettings {
  const { url, "token-env": tokenEnv } = prometheus;
  return { kind: "prometheus", url, ...(tokenEnv !== undefined && { tokenEnv }) };
}

type SigningInput = NonNullable<EnvironmentInput["signing"]>;
type ApproverInput = NonNullable<NonNullable<EnvironmentInput["approvals"]>["approvers"]>[number];

function keylessOf(input: NonNullable<SigningInput["keyless"]>, dir: string): KeylessSettings {
  return {
    fulcioUrl: input.fulcio,
    rekorUrl: input.rekor,
    ...(input.timestamps !== undefined && { timestampUrl: input.timestamps }),
    trustedRootFile: resolve(dir, input["trusted-root"]),
  };
}

/** Rules hold that there is a key, or an identity with its issuer. */
function approverOf({ identity, issuer, key, name }: ApproverInput, dir: string): ApproverSettings[] {
  if (key !== undefined) return [{ name, keyFile: resolve(dir, key) }];
  return identity !== undefined && issuer !== undefined ? [{ name, identity, issuer }] : [];
}
