import { existsSync } from "node:fs";
import { systemClock } from "../base/clock.ts";
import { type ConsentVerifier, consentVerifier } from "../rollout/consent/consent-verifier.ts";
import type { Approver } from "../rollout/engine/state.ts";
import type { RolloutJournals } from "../rollout/journal/journal.ts";
import type { RolloutPorts } from "../rollout/rollout-ports.ts";
import type { KeySigner } from "../signing/signer.ts";
import type { TrustedKeyFile } from "../signing/load-trusted-keys.ts";
import type { Environment } from "../manifest/environment.ts";
import type { MetricSource } from "../metrics/metric-source.ts";
import type { EmbeddedFleet } from "../fleet/embedded/embedded-fleet.ts";
import type { ArtifactStore } from "../storage/artifact-store.ts";
import type { Storefront } from "../storefronts/storefront.ts";
import { LateStorefront } from "./late-storefront.ts";
import { controlToken, type LocalServer, serverAddress, tokenFrom } from "./server-address.ts";

/** One environment with its adapters, each loaded when it is first asked for. */
export interface Context {
  readonly environment: Environment;
  /** Base address of the fleet server, which devices use too. */
  fleetUrl(): string;
  fleet(): Promise<EmbeddedFleet>;
  storefrontUrl(): string;
  storefront(): Promise<Storefront>;
  store(): Promise<ArtifactStore>;
  signer(): Promise<KeySigner>;
  trustedKeys(): Promise<readonly TrustedKeyFile[]>;
  /** Whose consent counts in rollouts that begin now. */
  approvers(): Promise<readonly Approver[]>;
  /** What every record of a journal is shown before it counts. */
  readonly consents: ConsentVerifier;
  journals(): Promise<RolloutJournals>;
  /** Null where the environment has none. */
  metrics(): Promise<MetricSource | null>;
  /** Everything that moving a rollout on needs. */
  rolloutPorts(): Promise<RolloutPorts>;
}

/**
 * The composition root: the only place where ports meet adapters. Reads `iotctl.yaml`; touches
 * neither network nor keys before a port is asked for.
 */
export async function openContext(options: {
  readonly envName: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}): Promise<Context> {
  const { cwd, env, envName } = options;
  const { loadEnvironment } = await import("../manifest/load-environment.ts");
  const environment = await loadEnvironment({ cwd, name: envName, env });
  const fleetServer: LocalServer = {
    what: "fleet server",
    dir: environment.fleet.dir,
    startWith: "iotctl fleet serve",
  };
  const storefrontServer: LocalServer = {
    what: "storefront",
    dir: environment.storefront.dir,
    startWith: "iotctl dev storefront",
  };
  const fleetAccess = (): { url: string; token: string } => ({
    url: context.fleetUrl(),
    token: controlToken(fleetServer, environment.fleet.tokenEnv, env),
  });
  const context: Context = {
    environment,
    fleetUrl: () => environment.fleet.url ?? serverAddress(fleetServer),
    storefrontUrl: () => environment.storefront.url ?? serverAddress(storefrontServer),

    async fleet() {
      const { EmbeddedFleet } = await import("../fleet/embedded/embedded-fleet.ts");
      return new EmbeddedFleet(fleetAccess());
    },

    async storefront() {
      const { kind, url } = environment.storefront;
      return new LateStorefront(kind, async () => {
        const { LocalStorefront } = await import("../storefronts/local/local-storefront.ts");
        return new LocalStorefront({ url: url ?? context.storefrontUrl() });
      });
    },

    async store() {
      const { DirectoryStore } = await import("../storage/directory/directory-store.ts");
      return new DirectoryStore(environment.storage.dir);
    },

    async signer() {
      const { loadKeySigner } = await import("../signing/key-signer.ts");
      const { createKey, keyFile } = environment.signing;
      return loadKeySigner({ keyFile, create: createKey, env });
    },

    async trustedKeys() {
      const { loadTrustedKeys } = await import("../signing/load-trusted-keys.ts");
      const { publicKeyFileOf } = await import("../signing/key-signer.ts");
      const { createKey, trustedKeyFiles } = environment.signing;
      // Devices may be set up before the first release is signed.
      const isMissing = !existsSync(publicKeyFileOf(environment.signing.keyFile));
      if (createKey && trustedKeyFiles.length === 0 && isMissing) await context.signer();
      return loadTrustedKeys(environment.signing);
    },

    async approvers() {
      const { approversOf } = await import("../rollout/consent/approvers-of.ts");
      return approversOf(environment, await context.trustedKeys());
    },

    consents: consentVerifier({ trustedRootFile: environment.signing.keyless?.trustedRootFile ?? null }),

    async journals() {
      const { openJournals } = await import("./open-journals.ts");
      return openJournals(environment.rollouts, fleetAccess);
    },

    async metrics() {
      if (environment.metrics === null) return null;
      const { PrometheusSource } = await import("../metrics/prometheus/prometheus-source.ts");
      const { tokenEnv, url } = environment.metrics;
      // Asked for with each query: without it gates have no data, and everything else goes on.
      const token = tokenEnv !== undefined && { token: () => tokenFrom(tokenEnv, "the metrics' token", env) };
      return new PrometheusSource({ url, ...token });
    },

    async rolloutPorts() {
      const { ServiceCommands } = await import("../rollout/service-commands.ts");
      return {
        fleet: await context.fleet(),
        storefront: await context.storefront(),
        store: await context.store(),
        services: new ServiceCommands(systemClock),
        clock: systemClock,
        checkRecord: context.consents,
        freezes: environment.freezes,
        metrics: await context.metrics(),
      };
    },
  };
  return context;
}
