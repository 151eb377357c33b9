import { hash } from "node:crypto";
import { canonicalJson } from "../base/canonical-json.ts";
import type { Plan } from "../planner/plan.ts";
import { decide } from "./engine/decide.ts";
import type { RolloutConfig } from "./engine/state.ts";
import type { RolloutJournal, RolloutJournals } from "./journal/journal.ts";

/** `sha256:<hex>` over the canonical JSON of a plan: what an approval is for. */
function planDigest(plan: Plan): string {
  return `sha256:${hash("sha256", canonicalJson(plan), "hex")}`;
}

/** Begins a rollout: writes its first record, which holds everything it will ever need to know. */
export async function startRollout(
  journals: RolloutJournals,
  config: Omit<RolloutConfig, "rolloutId" | "planDigest" | "rulesVersion">,
  atMs: number,
): Promise<RolloutJournal> {
  const { product, version } = config.resolved;
  const taken = new Set(await journals.list());
  const base = `${product}-${version}`;
  let rolloutId = base;
  for (let count = 2; taken.has(rolloutId); count++) rolloutId = `${base}-${count}`;
  const event = {
    type: "started",
    config: { ...config, rolloutId, rulesVersion: 3, planDigest: planDigest(config.plan) },
  } as const;
  const { effects } = decide(null, event, atMs);
  return journals.create(rolloutId, { at: atMs, event, effects: effects.map(({ key }) => key) });
}
