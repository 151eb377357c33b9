import { hash } from "node:crypto";
import { canonicalJson } from "../../base/canonical-json.ts";
import { IotctlError } from "../../base/errors.ts";
import type { Plan } from "../../planner/plan.ts";
import type { Statement } from "../../signing/statement.ts";
import type { RolloutConfig } from "../engine/state.ts";

/** `sha256:<hex>` over the canonical JSON of a plan. */
export function planDigestOf(plan: Plan): string {
  return digestOf(plan);
}

/** `sha256:<hex>` over everything that was agreed when a rollout began: what an approval is for. */
export function termsDigestOf(config: RolloutConfig): string {
  const known = digestByConfig.get(config);
  if (known !== undefined) return known;
  const { termsDigest: _, ...terms } = config;
  const digest = digestOf(terms);
  digestByConfig.set(config, digest);
  return digest;
}

/** A memory of what follows from a value that never changes; it lives as long as the value. */
const digestByConfig = new WeakMap<RolloutConfig, string>();

/** What a statement about a rollout is about: its plan, and all that was agreed when it began. */
export function consentSubjects(config: RolloutConfig): Statement["subject"] {
  return [subjectOf("plan", config.planDigest), subjectOf("terms", termsDigestOf(config))];
}

function subjectOf(name: string, digest: string): Statement["subject"][number] {
  return { name, digest: { sha256: digest.replace(/^sha256:/, "") } };
}

/**
 * Refuses the first record of a journal whose terms are not those that it names: IOT_JOURNAL_DAMAGED. One
 * that was written anew around other terms names others, and nobody's consent is for them.
 */
export function assertTermsHold(config: RolloutConfig): void {
  if (config.termsDigest === undefined) return;
  const pairs = [
    ["plan", config.planDigest, planDigestOf(config.plan)],
    ["terms", config.termsDigest, termsDigestOf(config)],
  ] as const;
  for (const [what, said, found] of pairs) {
    if (said !== found) throw termsDamaged(config.rolloutId, what, said, found);
  }
}

function digestOf(value: unknown): string {
  return `sha256:${hash("sha256", canonicalJson(value), "hex")}`;
}

function termsDamaged(rolloutId: string, what: string, said: string, found: string): IotctlError {
  return new IotctlError(
    "IOT_JOURNAL_DAMAGED",
    `Record 1 of rollout ${rolloutId} was edited: it says that its ${what} has the digest ${said}, and it is ${found}.`,
    {
      hints: ["Restore the journal from a backup; nothing is decided on a journal that was changed"],
      details: { rolloutId, record: 1, expected: said, found },
    },
  );
}
