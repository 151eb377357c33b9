// Each way in which a consent could be made to count that nobody gave.
import { beforeEach, describe, expect, test } from "vitest";
import { canonicalJson } from "../../src/base/canonical-json.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { signedConsent, takeConsent } from "../../src/cli/consent/give-consent.ts";
import { readRollout } from "../../src/rollout/advance.ts";
import { type ConsentVerifier, consentVerifier } from "../../src/rollout/consent/consent-verifier.ts";
import { consentStatement, signConsent } from "../../src/rollout/consent/sign-consent.ts";
import { verifyConsent } from "../../src/rollout/consent/verify-consent.ts";
import type { Consent, RolloutEvent } from "../../src/rollout/engine/events.ts";
import type { RolloutConfig } from "../../src/rollout/engine/state.ts";
import { startRollout } from "../../src/rollout/start-rollout.ts";
import { LiveRollout } from "../../src/rollout/live-rollout.ts";
import { signStatement } from "../../src/signing/sign-statement.ts";
import {
  approvedBy,
  consentOf,
  journalOf,
  type Person,
  person,
  recordsOf,
  words,
} from "../support/consents.ts";
import { MemoryJournals } from "../support/memory-journal.ts";
import { thrownBy } from "../support/thrown-by.ts";

const keysAlone = { authorities: () => null };

let ana: Person;
let bob: Person;
let config: RolloutConfig;
let verifier: ConsentVerifier;
beforeEach(() => {
  ana = person("ana");
  bob = person("bob");
  config = approvedBy([ana.approver, bob.approver]);
  verifier = consentVerifier({ trustedRootFile: null });
});

/** Reads a journal in which this was said; what its verifier says to it. */
async function reading(...events: RolloutEvent[]): Promise<{ code: string; message: string } | "fine"> {
  const journal = await journalOf(recordsOf(config, ...events));
  return readRollout(journal, verifier).then(
    () => "fine" as const,
    (error) => error,
  );
}

describe("a consent", () => {
  test("counts with the name of who signed it, however it was decided", async () => {
    const yes = await consentOf(words(), config, ana.signer);
    const no = await consentOf(words({ decision: "deny", reason: "noisy" }), config, bob.signer);
    const skip = words({ decision: "skip-bake", wave: "fleet 50%", phase: 2, reason: "hotfix", atMs: 2000 });
    const cut = await consentOf(skip, config, ana.signer);
    expect([yes, no, cut].map(({ by, type }) => `${by} ${type}`)).toEqual([
      "ana approved",
      "bob denied",
      "ana bake-skipped",
    ]);
    expect(await reading(yes, no, cut)).toBe("fine");
    expect(verifier.lastSaidAtMs(config, "fleet", "ana")).toBe(2000);
    expect(verifier.lastSaidAtMs(config, "fleet", "nobody")).toBe(0);
  });

  test("of nobody who is on record does not count: an unknown key, or one that is not on record any more", async () => {
    const statement = await signConsent(words(), config, person("carl").signer);
    const error = await thrownBy(() => verifyConsent(statement, config, keysAlone));
    expect(error).toMatchObject({ code: "IOT_CONSENT_UNTRUSTED", exit: 3 });
    expect(error.message).toContain("ana, bob");
    const yes = await consentOf(words(), config, ana.signer);
    config = approvedBy([bob.approver]);
    expect(await reading(yes)).toMatchObject({
      code: "IOT_CONSENT_INVALID",
      message: expect.stringContaining("Record 2 of rollout fan-1"),
    });
  });

  test("of one person by two keys is one word, for both bear the name of the policy", async () => {
    const other = person("ana");
    config = approvedBy([ana.approver, other.approver]);
    const yes = await consentOf(words(), config, ana.signer);
    const again = await consentOf(words({ atMs: 2000 }), config, other.signer);
    expect([yes.by, again.by]).toEqual(["ana", "ana"]);
    const { approvals } = await readRollout(await journalOf(recordsOf(config, yes, again)), verifier);
    expect(approvals).toHaveLength(1);
  });

  test.each<[string, Partial<RolloutConfig>]>([
    ["rollout", { rolloutId: "fan-2" }],
    ["environment", { environment: "staging" }],
    ["plan", { planDigest: `sha256:${"b".repeat(64)}` }],
    ["published release", { manifestDigest: `sha256:${"c".repeat(64)}` }],
    ["start of the same rollout", { nonce: "another" }],
    ["order of stages", { stages: approvedBy([]).stages.toReversed() }],
    ["set of gates", { gates: {} }],
    ["release", { resolved: { ...approvedBy([]).resolved, version: "2.0.0" } }],
  ])("for another %s does not count for this one", async (_, other) => {
    const elsewhere = { ...config, ...other };
    const given = await consentOf(words(), elsewhere, ana.signer);
    const event = { ...given, planDigest: config.planDigest };
    expect(await reading(event)).toMatchObject({ code: "IOT_CONSENT_INVALID" });
    const statement = await signConsent(words(), elsewhere, ana.signer);
    expect((await thrownBy(() => verifyConsent(statement, config, keysAlone))).code).toBe(
      "IOT_CONSENT_INVALID",
    );
  });

  test.each<[string, Partial<Consent>]>([
    ["stage", { stage: "canary" }],
    ["reason", { reason: "looked at everything" }],
    ["by", { by: "bob" }],
    ["type", { type: "denied" }],
    ["planDigest", { planDigest: `sha256:${"b".repeat(64)}` }],
    ["wave", { wave: "fleet 50%" }],
    ["phase", { phase: 2 }],
  ])("whose %s was edited in the journal is refused, naming it", async (member, edit) => {
    const given = await consentOf(words(), config, ana.signer);
    expect(await reading({ ...given, ...edit })).toMatchObject({
      code: "IOT_CONSENT_INVALID",
      message: expect.stringContaining(`its ${member} is written as`),
    });
  });

  test("that nobody signed does not count, nor one with the statement of another record", async () => {
    const yes = await consentOf(words(), config, ana.signer);
    const no = await consentOf(words({ decision: "deny", reason: "noisy" }), config, bob.signer);
    const { statement: _, ...unsigned } = yes;
    expect(await reading(unsigned)).toMatchObject({ message: expect.stringContaining("nobody signed it") });
    const swapped = [
      { ...yes, statement: no.statement! },
      { ...no, statement: yes.statement! },
    ];
    expect(await reading(...swapped)).toMatchObject({ code: "IOT_CONSENT_INVALID" });
  });

  test("with an unknown member, another subject, another type or no statement at all does not count", async () => {
    const good = consentStatement(words(), config);
    const predicate = { ...(good.predicate as object), force: true };
    const subject = [...good.subject, { name: "other", digest: { sha256: "c".repeat(64) } }];
    const statements = [
      { ...good, predicate },
      { ...good, subject },
      { ...good, predicateType: "https://example.com/other/v1" },
    ];
    for (const statement of statements) {
      const bundle = Buffer.from(await signStatement(statement, ana.signer)).toString();
      const error = await thrownBy(() => verifyConsent(bundle, config, keysAlone));
      expect(error.code, canonicalJson(statement)).toBe("IOT_CONSENT_INVALID");
    }
    for (const text of ["", "{}", "x".repeat(300_000)]) {
      expect((await thrownBy(() => verifyConsent(text, config, keysAlone))).code).toBe("IOT_CONSENT_INVALID");
    }
  });

  test("to end a bake time names the wave and its phase, and no other does", async () => {
    const skip = words({ decision: "skip-bake", reason: "hotfix" });
    for (const said of [skip, { ...skip, wave: "fleet 50%" }, words({ wave: "fleet 50%", phase: 1 })]) {
      const statement = await signConsent(said, config, ana.signer);
      const error = await thrownBy(() => verifyConsent(statement, config, keysAlone));
      expect(error).toMatchObject({ code: "IOT_CONSENT_INVALID", message: expect.stringContaining("phase") });
    }
  });

  test("with a member twice around the statement does not count: two readers would see two consents", async () => {
    const statement = await signConsent(words(), config, ana.signer);
    const twice = statement.replace('"payload":', '"payload":"","payload":');
    expect(() => JSON.parse(twice)).not.toThrow();
    const error = await thrownBy(() => verifyConsent(twice, config, keysAlone));
    expect(error).toMatchObject({ code: "IOT_CONSENT_INVALID", message: expect.stringContaining("twice") });
  });

  test("is asked of nobody in a journal of an earlier release", async () => {
    const { approvers: _, ...earlier } = config;
    config = earlier;
    const { planDigest } = config;
    expect(await reading({ type: "approved", stage: "fleet", planDigest, by: "anybody", reason: "" })).toBe(
      "fine",
    );
  });
});

describe("the terms of a rollout", () => {
  async function begun(nonce: string): Promise<RolloutConfig> {
    const journal = await startRollout(new MemoryJournals(), config, 0, nonce);
    return (await readRollout(journal, verifier)).config;
  }

  test("are others each time that it begins, so that no approval counts for the next of its name", async () => {
    const [first, second] = [await begun("one"), await begun("two")];
    expect(first.rolloutId).toBe(second.rolloutId);
    expect(first.planDigest).toBe(second.planDigest);
    const yes = await consentOf(words(), first, ana.signer);
    config = second;
    expect(await reading(yes)).toMatchObject({ code: "IOT_CONSENT_INVALID" });
    config = first;
    expect(await reading(yes)).toBe("fine");
  });

  test.each<[string, (begun: RolloutConfig) => Partial<RolloutConfig>]>([
    ["gates", () => ({ gates: {} })],
    ["stages", ({ stages }) => ({ stages: stages.map((each) => ({ ...each, approvalsRequired: 0 })) })],
    ["plan", ({ plan }) => ({ plan: { ...plan, steps: plan.steps.slice(1) } })],
    ["approvers", () => ({ approvers: [bob.approver] })],
  ])(
    "whose %s were edited in a chain that was made anew are refused at the first record",
    async (_, edit) => {
      const agreed = await begun("one");
      config = { ...agreed, ...edit(agreed) };
      expect(await reading()).toMatchObject({
        code: "IOT_JOURNAL_DAMAGED",
        message: expect.stringContaining("Record 1 of rollout fan-1.0.0"),
      });
      // Without a digest the edit passes for a start, and what was signed is not for it.
      const yes = await consentOf(words(), agreed, ana.signer);
      const { termsDigest: _digest, ...bare } = config;
      config = bare;
      expect(await reading(yes)).toMatchObject({ code: "IOT_CONSENT_INVALID" });
    },
  );
});

describe("a later word", () => {
  test("takes the place of the earlier: a denial holds and the same person's approval lifts it", async () => {
    const no = await consentOf(words({ decision: "deny", reason: "noisy" }), config, ana.signer);
    const held = await readRollout(await journalOf(recordsOf(config, no)), verifier);
    expect(held.approvals).toMatchObject([{ by: "ana", denied: true }]);
    const yes = await consentOf(words({ atMs: 2000 }), config, ana.signer);
    const { approvals } = await readRollout(await journalOf(recordsOf(config, no, yes)), verifier);
    expect(approvals).toMatchObject([{ by: "ana" }]);
    expect(approvals[0]).not.toHaveProperty("denied");
  });

  test("cannot be taken back by bringing an earlier one again", async () => {
    const yes = await consentOf(words(), config, ana.signer);
    const no = await consentOf(words({ decision: "deny", reason: "noisy", atMs: 2000 }), config, ana.signer);
    expect(await reading(yes, no, yes)).toMatchObject({
      code: "IOT_CONSENT_INVALID",
      message: expect.stringContaining("Record 4"),
    });
    const live = new LiveRollout(await journalOf(recordsOf(config, yes, no)), verifier);
    await live.catchUp();
    const ports = { clock: new VirtualClock(5000), consents: verifier };
    expect((await thrownBy(() => takeConsent(live, yes, ports))).code).toBe("IOT_CONSENT_INVALID");
    expect(await takeConsent(live, no, ports)).toBe(false);
  });

  test("is later even by a clock that was put back", async () => {
    const yes = await consentOf(words({ atMs: 9000 }), config, ana.signer);
    const live = new LiveRollout(await journalOf(recordsOf(config, yes)), verifier);
    await live.catchUp();
    const ports = { clock: new VirtualClock(5000), consents: verifier };
    const { atMs: _, ...no } = words({ decision: "deny", reason: "noisy" });
    const consent = await signedConsent(no, config, { ...ports, signer: ana.signer });
    expect(await takeConsent(live, consent, ports)).toBe(true);
    const read = await readRollout(live.journal, consentVerifier({ trustedRootFile: null }));
    expect(read.approvals).toMatchObject([{ by: "ana", denied: true }]);
  });

  test("is written behind what others write meanwhile", async () => {
    const journal = await journalOf(recordsOf(config));
    const live = new LiveRollout(journal, verifier);
    await live.catchUp();
    const said = await consentOf(words(), config, bob.signer);
    await journal.append(recordsOf(config, said)[1]!);
    const ports = { clock: new VirtualClock(5000), consents: verifier };
    expect(await takeConsent(live, await consentOf(words(), config, ana.signer), ports)).toBe(true);
    expect(live.state.approvals.map(({ by }) => by)).toEqual(["bob", "ana"]);
  });
});

test("a record is verified once, however often a journal is read", async () => {
  const yes = await consentOf(words(), config, ana.signer);
  const [, record] = recordsOf(config, yes);
  await verifier(record!, config);
  // What was verified before is known by its hash; nothing else of it is looked at.
  await verifier({ ...record!, event: { ...yes, by: "bob" } }, config);
  expect(verifier.lastSaidAtMs(config, "fleet")).toBe(1000);
});
