import type { Release } from "../../manifest/release.ts";
import type { RolloutConfig } from "../../rollout/engine/state.ts";
import type { ServiceSettings } from "../../rollout/rollout-ports.ts";

/** What a manifest says of how its rollout goes, as the rollout keeps it; its stages are a matter of policy too. */
export type ManifestTerms = Pick<RolloutConfig, "gates" | "retire" | "onFailure" | "pairing" | "services">;

/** @param dir of the manifest; commands that deploy services run there */
export function manifestTerms(release: Release, dir: string): ManifestTerms {
  const { gates, onFailure, pairing, retire } = release;
  return { gates, retire, onFailure, pairing, services: servicesOf(release, dir) };
}

function servicesOf(release: Release, cwd: string): Record<string, ServiceSettings> {
  const services: Record<string, ServiceSettings> = {};
  for (const [name, component] of Object.entries(release.components)) {
    if (component.kind !== "service") continue;
    const { deploy, observe } = component;
    services[name] = { cwd, ...(deploy !== undefined && { deploy }), ...(observe && { observe }) };
  }
  return services;
}
