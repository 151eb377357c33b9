import { IotctlError, messageOf } from "../../base/errors.ts";
import type { TrustedAuthorities } from "../../signing/load-trusted-root.ts";
import type { Consent, RolloutEvent } from "../engine/events.ts";
import type { RolloutConfig } from "../engine/state.ts";
import type { JournalRecord } from "../journal/journal.ts";
import { consentEvent, consentInvalid, type VerifiedConsent } from "./consent-statement.ts";

/** Verifies the consents in the journals of one environment against the approvers that a rollout began with. */
export interface ConsentVerifier {
  /**
   * Looks at a record before it counts: IOT_CONSENT_INVALID with its number and what disagrees, when it
   * holds a consent that was not given like that, or one older than another word of the same person;
   * IOT_JOURNAL_DAMAGED when the terms that a rollout began with are not those that it names.
   * Journals are read from their start and in order; what was looked at before is not looked at again.
   * A rollout of an earlier release has no approvers on record, and nothing is asked.
   */
  (record: JournalRecord, config: RolloutConfig): Promise<void>;
  /** Who signed a statement and what it says; throws as `verifyConsent` does. */
  read(statement: string, config: RolloutConfig): Promise<VerifiedConsent>;
  /** When a person, or anybody, last said something about a stage, by the records looked at; 0: never. */
  lastSaidAtMs(config: RolloutConfig, stage: string, by?: string): number;
}

interface Word extends VerifiedConsent {
  /** Of the record. */
  readonly hash: string;
}

/**
 * @param options.trustedRootFile Sigstore trusted root for consents by identity, read when the first of
 *   them comes; null: only keys count
 */
export function consentVerifier({
  trustedRootFile,
}: {
  readonly trustedRootFile: string | null;
}): ConsentVerifier {
  const wordsOf = new Map<string, Word[]>();
  let authorities: TrustedAuthorities | null = null;

  async function read(statement: string, config: RolloutConfig): Promise<VerifiedConsent> {
    // Loaded where there is a consent: most turns see none.
    const { verifyConsent } = await import("./verify-consent.ts");
    const { loadTrustedRoot } = await import("../../signing/load-trusted-root.ts");
    return verifyConsent(statement, config, {
      authorities: () =>
        trustedRootFile === null ? null : (authorities ??= loadTrustedRoot(trustedRootFile)),
    });
  }

  function lastSaidAtMs({ rolloutId }: RolloutConfig, stage: string, by?: string): number {
    const words = (wordsOf.get(rolloutId) ?? []).filter((word) => by === undefined || word.by === by);
    const about = words.filter(({ predicate }) => predicate.stage === stage);
    return Math.max(0, ...about.map(({ predicate }) => predicate.atMs));
  }

  async function look({ event, hash, seq }: JournalRecord, config: RolloutConfig): Promise<void> {
    if (event.type === "started") {
      const { assertTermsHold } = await import("./rollout-terms.ts");
      assertTermsHold(config);
    }
    if (config.approvers === undefined || !isConsent(event)) return;
    const words = wordsOf.get(config.rolloutId) ?? [];
    if (words.some((word) => word.hash === hash)) return;
    try {
      const { by, statement } = event;
      if (statement === undefined) throw consentInvalid(`nobody signed it, and it says that ${by} did`);
      const verified = await read(statement, config);
      assertSays(verified, statement, event);
      assertNew(verified, lastSaidAtMs(config, event.stage, verified.by));
      wordsOf.set(config.rolloutId, [...words, { ...verified, hash }]);
    } catch (error) {
      throw recordInvalid(config.rolloutId, seq, error);
    }
  }

  return Object.assign(look, { read, lastSaidAtMs });
}

/** A word that was said before another cannot take its place: nobody's old approval undoes their denial. */
export function assertNew({ by, predicate }: VerifiedConsent, lastSaidAtMs: number): void {
  if (predicate.atMs > lastSaidAtMs) return;
  const [said, last] = [predicate.atMs, lastSaidAtMs].map((atMs) => new Date(atMs).toISOString());
  throw consentInvalid(
    `${by} said it at ${said}, and something about stage ${predicate.stage} at ${last} already`,
  );
}

/** An event may say nothing that was not signed. */
function assertSays(verified: VerifiedConsent, statement: string, event: Consent): void {
  const signed: Readonly<Record<string, unknown>> = { ...consentEvent(verified, statement) };
  const written: Readonly<Record<string, unknown>> = { ...event };
  for (const member of new Set([...Object.keys(signed), ...Object.keys(written)])) {
    if (signed[member] === written[member]) continue;
    const [ours, theirs] = [written[member], signed[member]].map(
      (value) => JSON.stringify(value) ?? "nothing",
    );
    throw consentInvalid(`its ${member} is written as ${ours} and was signed as ${theirs}`);
  }
}

function isConsent(event: RolloutEvent): event is Consent {
  return event.type === "approved" || event.type === "denied" || event.type === "bake-skipped";
}

function recordInvalid(rolloutId: string, seq: number, error: unknown): unknown {
  if (!(error instanceof IotctlError) || !error.code.startsWith("IOT_CONSENT_")) return error;
  return new IotctlError(
    "IOT_CONSENT_INVALID",
    `Record ${seq} of rollout ${rolloutId} holds a consent that was not given like that. ${messageOf(error)}`,
    {
      hints: [
        ...(error.code === "IOT_CONSENT_INVALID" ? error.hints : []),
        "Restore the journal from a backup; nothing is decided on a consent that nobody gave",
      ],
      details: { ...error.details, rolloutId, record: seq },
      cause: error,
    },
  );
}
