import type { Clock } from "../base/clock.ts";
import type { FleetBackend } from "../fleet/fleet-backend.ts";
import type { Freeze } from "../manifest/environment.ts";
import type { MetricSource } from "../metrics/metric-source.ts";
import type { ArtifactStore } from "../storage/artifact-store.ts";
import type { Storefront } from "../storefronts/storefront.ts";
import type { RecordCheck } from "./live-rollout.ts";

/** What a rollout needs of the world. */
export interface RolloutPorts {
  readonly fleet: FleetBackend;
  readonly storefront: Storefront;
  readonly store: ArtifactStore;
  readonly services: ServiceDeployer;
  readonly clock: Clock;
  /** Where metric gates read; absent or null: such gates have no data. */
  readonly metrics?: MetricSource | null;
  /** Times in which nothing begins; absent: none. */
  readonly freezes?: readonly Freeze[];
  /** Looks at each record of a journal before it counts. */
  readonly checkRecord?: RecordCheck;
}

/** Brings a service to a version and makes sure that it runs there. May be repeated. */
export interface ServiceDeployer {
  /** Throws when the version does not run afterwards. */
  deploy(component: string, version: string, settings: ServiceSettings): Promise<void>;
}

/** How a service is deployed and observed, as the manifest says. */
export interface ServiceSettings {
  readonly deploy?: string;
  readonly observe?: { readonly url: string; readonly field: string };
  /** Where the command runs: the directory of the manifest. */
  readonly cwd: string;
}
