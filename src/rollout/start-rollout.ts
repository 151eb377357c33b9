import { randomUUID } from "node:crypto";
import { planDigestOf, termsDigestOf } from "./consent/rollout-terms.ts";
import { decide } from "./engine/decide.ts";
import type { RolloutConfig } from "./engine/state.ts";
import type { RolloutJournal, RolloutJournals } from "./journal/journal.ts";

type Agreed = Omit<RolloutConfig, "rolloutId" | "planDigest" | "rulesVersion" | "nonce" | "termsDigest">;

/**
 * Begins a rollout: writes its first record, which holds everything it will ever need to know.
 *
 * @param nonce makes its terms other than those of any rollout before, so that no approval of one counts for it
 */
export async function startRollout(
  journals: RolloutJournals,
  agreed: Agreed,
  atMs: number,
  nonce: string = randomUUID(),
): Promise<RolloutJournal> {
  const { product, version } = agreed.resolved;
  const taken = new Set(await journals.list());
  const base = `${product}-${version}`;
  let rolloutId = base;
  for (let count = 2; taken.has(rolloutId); count++) rolloutId = `${base}-${count}`;
  const planDigest = planDigestOf(agreed.plan);
  const terms: RolloutConfig = { ...agreed, rolloutId, rulesVersion: 3, planDigest, nonce };
  const config = { ...terms, termsDigest: termsDigestOf(terms) };
  const event = { type: "started", config } as const;
  const { effects } = decide(null, event, atMs);
  return journals.create(rolloutId, { at: atMs, event, effects: effects.map(({ key }) => key) });
}
