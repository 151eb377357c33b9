import { digestBytes } from "../../bundle/digest-file.ts";
import { openStoredRelease } from "../../bundle/open-stored-release.ts";
import type { ReleasedVersions } from "../../bundle/released-versions.ts";
import type { ResolvedRelease } from "../../bundle/resolved-release.ts";
import type { Release } from "../../manifest/release.ts";
import type { Plan } from "../../planner/plan.ts";
import type { Hop, RolloutConfig } from "../../rollout/engine/state.ts";
import type { RolloutJournal } from "../../rollout/journal/journal.ts";
import type { ServiceSettings } from "../../rollout/rollout-ports.ts";
import { findOpenRollout, rolloutInProgress } from "../../rollout/open-rollout.ts";
import { startRollout } from "../../rollout/start-rollout.ts";
import type { Context } from "../context.ts";

/** Starts the rollout of a release as it lies in storage: what devices get is what was published. */
export async function beginRollout(options: {
  readonly context: Context;
  readonly release: Release;
  /** Of the manifest; commands that deploy services run there. */
  readonly dir: string;
  readonly plan: Plan;
  /** Versions that releases before this one published. */
  readonly hops: ReleasedVersions["versions"];
  readonly resolved: ResolvedRelease;
  readonly atMs: number;
}): Promise<RolloutJournal> {
  const { atMs, context, dir, plan, release, resolved } = options;
  const store = await context.store();
  const { product, version } = release;
  const opened = await openStoredRelease({
    store,
    product,
    version,
    trustedKeys: await context.trustedKeys(),
  });
  if (!opened) throw new Error(`${product} ${version} is not in ${store.location}`);
  const config = {
    environment: context.environment.name,
    plan,
    manifestDigest: opened.stored.manifestDigest,
    attestationDigest: digestBytes(opened.signature).digest,
    resolved,
    ...hopsOf(plan, resolved, options.hops),
    stages: release.rollout.stages,
    gates: release.gates,
    retire: release.retire,
    onFailure: release.onFailure,
    pairing: release.pairing,
    services: servicesOf(release, dir),
  };
  const journals = await context.journals();
  return journals.exclusively(async () => {
    // Looked for once more under the lock: somebody may have begun while this release was sealed.
    const open = await findOpenRollout(journals, release);
    if (open) throw rolloutInProgress(open, release);
    return startRollout(journals, config, atMs);
  });
}

/** Published versions that live in the field or come up in the plan, and that this release does not carry. */
function hopsOf(
  { field, steps }: Plan,
  resolved: ResolvedRelease,
  published: ReleasedVersions["versions"],
): Pick<RolloutConfig, "hops"> {
  const hops: Record<string, Record<string, Hop>> = {};
  for (const [component, versions] of published) {
    for (const [version, released] of versions) {
      const comesUp = steps.some((step) => step.component === component && step.version === version);
      const isCarried =
        resolved.components[component]?.version === version ||
        resolved.known[component]?.[version] !== undefined;
      if (isCarried || !(comesUp || field[component]?.includes(version))) continue;
      const { attestationDigest } = released;
      (hops[component] ??= {})[version] = { resolved: released.resolved, attestationDigest };
    }
  }
  return Object.keys(hops).length > 0 ? { hops } : {};
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
