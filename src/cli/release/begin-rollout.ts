import { digestBytes } from "../../bundle/digest-file.ts";
import { openStoredRelease } from "../../bundle/open-stored-release.ts";
import type { ResolvedRelease } from "../../bundle/resolved-release.ts";
import { formatComponentVersion } from "../../compat/verdict.ts";
import type { Release } from "../../manifest/release.ts";
import type { Plan } from "../../planner/plan.ts";
import type { Hop, RolloutConfig } from "../../rollout/engine/state.ts";
import type { RolloutJournal } from "../../rollout/journal/journal.ts";
import { findOpenRollout, rolloutInProgress } from "../../rollout/open-rollout.ts";
import { startRollout } from "../../rollout/start-rollout.ts";
import type { Context } from "../context.ts";
import { approvalTerms } from "./approval-terms.ts";
import type { FieldLook } from "./look-at-field.ts";
import { manifestTerms } from "./manifest-terms.ts";

/** Starts the rollout of a release as it lies in storage: what devices get is what was published. */
export async function beginRollout(options: {
  readonly context: Context;
  readonly release: Release;
  /** Of the manifest; commands that deploy services run there. */
  readonly dir: string;
  readonly plan: Plan;
  /** The look that the plan was made from. */
  readonly look: Pick<FieldLook, "devices" | "hops" | "leftOut">;
  readonly resolved: ResolvedRelease;
  readonly atMs: number;
}): Promise<RolloutJournal> {
  const { atMs, context, dir, look, plan, release, resolved } = options;
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
    ...hopsOf(plan, look),
    ...(look.leftOut.length > 0 && { leftOut: look.leftOut }),
    ...(await approvalTerms(release, context)),
    ...manifestTerms(release, dir),
    ...(context.environment.freezes.length > 0 && { freezes: context.environment.freezes }),
  };
  const journals = await context.journals();
  return journals.exclusively(async () => {
    // Looked for once more under the lock: somebody may have begun while this release was sealed.
    const open = await findOpenRollout(journals, release);
    if (open) throw rolloutInProgress(open, release);
    return startRollout(journals, config, atMs);
  });
}

/**
 * Published versions that live in the field, come up in the plan, or are still somewhere on a device:
 * what the rollout has to know of them, it knows from its journal alone.
 */
function hopsOf(
  { field, steps }: Plan,
  { devices, hops }: Pick<FieldLook, "devices" | "hops">,
): Pick<RolloutConfig, "hops"> {
  const meets = new Set([
    ...steps.map(formatComponentVersion),
    ...devices.flatMap(({ pairedApps }) => pairedApps.map(formatComponentVersion)),
  ]);
  const running = new Set(devices.map(({ reportedVersion }) => reportedVersion));
  const needed: Record<string, Record<string, Hop>> = {};
  for (const [component, versions] of hops) {
    for (const [version, { attestationDigest, resolved }] of versions) {
      const isNeeded =
        field[component]?.includes(version) ||
        meets.has(formatComponentVersion({ component, version })) ||
        (resolved.kind === "firmware" && running.has(version));
      if (isNeeded) (needed[component] ??= {})[version] = { resolved, attestationDigest };
    }
  }
  return Object.keys(needed).length > 0 ? { hops: needed } : {};
}
