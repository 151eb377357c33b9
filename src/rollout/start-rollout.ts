import { hash } from "node:crypto";
import { canonicalJson } from "../base/canonical-json.ts";
import { IotctlError } from "../base/errors.ts";
import type { Plan } from "../planner/plan.ts";
import { hasEnded, type RolloutConfig } from "./engine/state.ts";
import { foldJournal } from "./fold.ts";
import type { RolloutJournal, RolloutJournals } from "./journal/journal.ts";

/** `sha256:<hex>` over the canonical JSON of a plan: what an approval is for. */
export function planDigest(plan: Plan): string {
  return `sha256:${hash("sha256", canonicalJson(plan), "hex")}`;
}

/**
 * The rollout of this release that is under way, or null. Another release of the same product under
 * way is refused: two plans at once would each be safe only without the other.
 */
export async function findOpenRollout(
  journals: RolloutJournals,
  release: { readonly product: string; readonly manifestDigest: string },
): Promise<RolloutJournal | null> {
  for (const rolloutId of (await journals.list()).toReversed()) {
    const journal = journals.open(rolloutId);
    const state = foldJournal(await journal.read());
    if (!state || state.config.resolved.product !== release.product || hasEnded(state.status)) continue;
    if (state.config.manifestDigest === release.manifestDigest) return journal;
    throw new IotctlError(
      "IOT_ROLLOUT_IN_PROGRESS",
      `${release.product} has rollout ${rolloutId} under way (${state.status}); another release cannot begin beside it.`,
      {
        hints: [`See it: iotctl rollout status ${rolloutId}`, `End it: iotctl rollout abort ${rolloutId}`],
        details: { rolloutId, status: state.status },
      },
    );
  }
  return null;
}

/** Begins a rollout: writes its first record, which holds everything it will ever need to know. */
export async function startRollout(
  journals: RolloutJournals,
  config: Omit<RolloutConfig, "rolloutId" | "planDigest">,
  atMs: number,
): Promise<RolloutJournal> {
  const { product, version } = config.resolved;
  const taken = new Set(await journals.list());
  const base = `${product}-${version}`;
  let rolloutId = base;
  for (let count = 2; taken.has(rolloutId); count++) rolloutId = `${base}-${count}`;
  const event = {
    type: "started",
    config: { ...config, rolloutId, planDigest: planDigest(config.plan) },
  } as const;
  return journals.create(rolloutId, { at: atMs, event, effects: [] });
}
