import type { Approver, RolloutConfig } from "../../src/rollout/engine/state.ts";
import { chainRecord } from "../../src/rollout/journal/chain.ts";
import { signConsent } from "../../src/rollout/consent/sign-consent.ts";
import { consentEvent, type ConsentWords } from "../../src/rollout/consent/consent-statement.ts";
import { verifyConsent } from "../../src/rollout/consent/verify-consent.ts";
import type { Consent, RolloutEvent } from "../../src/rollout/engine/events.ts";
import type { JournalRecord } from "../../src/rollout/journal/journal.ts";
import type { KeySigner, Signer } from "../../src/signing/signer.ts";
import { keyIn } from "./fan-bundle.ts";
import { fanConfig } from "./fan-rollout.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Somebody with a key of their own. */
export interface Person {
  readonly signer: KeySigner;
  readonly approver: Approver;
}

export function person(name: string): Person {
  const signer = keyIn(temporaryDirectory(), "key");
  const pem = signer.trustedKey.publicKey.export({ type: "spki", format: "pem" });
  return { signer, approver: { name, publicKeyPem: pem.toString() } };
}

/** The rollout of a fan in which these may approve; its stage `fleet` asks for one of them. */
export function approvedBy(approvers: readonly Approver[], more: Partial<RolloutConfig> = {}): RolloutConfig {
  return fanConfig({ planDigest: `sha256:${"a".repeat(64)}`, approvers, ...more });
}

/** A yes to the stage `fleet`, but for what is said otherwise. */
export function words(more: Partial<ConsentWords> = {}): ConsentWords {
  return { decision: "approve", stage: "fleet", reason: "", atMs: 1000, ...more };
}

/** A consent as a journal keeps it, signed. */
export async function consentOf(said: ConsentWords, config: RolloutConfig, signer: Signer): Promise<Consent> {
  const statement = await signConsent(said, config, signer);
  return consentEvent(verifyConsent(statement, config, { authorities: () => null }), statement);
}

/** The records of a rollout in which these things happened, a second apart. */
export function recordsOf(config: RolloutConfig, ...events: RolloutEvent[]): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (const [index, event] of [{ type: "started", config } as const, ...events].entries()) {
    records.push(chainRecord(records.at(-1), { at: index * 1000, event, effects: [] }));
  }
  return records;
}

/** A journal in memory with these records. */
export async function journalOf(records: readonly JournalRecord[]): Promise<MemoryJournal> {
  const journal = new MemoryJournal("fan-1");
  for (const record of records) await journal.append(record);
  return journal;
}
