import * as Flags from "@oclif/core/flags";
import type { Command } from "@oclif/core/command";
import { systemClock } from "../../base/clock.ts";
import { iotctlCommand } from "../../base/iotctl-command.ts";
import { type ConsentWords, consentTypes } from "../../rollout/consent/consent-statement.ts";
import { describeRollout, type RolloutView } from "../../rollout/engine/describe-rollout.ts";
import { describeStage, type StageDescription } from "../../rollout/engine/describe-stage.ts";
import type { Consent } from "../../rollout/engine/events.ts";
import type { RolloutConfig, RolloutState } from "../../rollout/engine/state.ts";
import { LiveRollout } from "../../rollout/live-rollout.ts";
import type { Signer } from "../../signing/signer.ts";
import { assertUnderWay } from "../assert-under-way.ts";
import { confirm } from "../confirmation.ts";
import type { Context } from "../context.ts";
import { stageText } from "../render/stage-text.ts";
import { openCurrentRollout } from "../rollout-arg.ts";
import { identity, RolloutCommand } from "../rollout-command.ts";
import { assertTimely } from "./assert-timely.ts";
import { consentSigner, signerFlags } from "./consent-signer.ts";
import { readConsent, signedConsent, takeConsent } from "./give-consent.ts";

/** How the rollout stands after it, and what was said to it. */
export interface ConsentResult extends RolloutView {
  readonly consent: {
    readonly decision: ConsentWords["decision"];
    /** The stage as it stood when it was said. */
    readonly stage: StageDescription;
    readonly by: string;
    readonly reason: string;
    /** False: it said nothing new, or was only signed. */
    readonly written: boolean;
    /** Where the signed statement was written in place of the journal. */
    readonly file: string | null;
  };
}

export const consentFlags = {
  ...signerFlags,
  yes: Flags.boolean({ summary: "Do not ask; needed where nobody sits at a terminal." }),
};

interface ConsentRequest {
  readonly env: string;
  readonly rolloutId: string | undefined;
  readonly key?: string | undefined;
  readonly keyless: boolean;
  /** What is said; it may throw when it cannot be said now. */
  readonly words: (state: RolloutState) => Omit<ConsentWords, "atMs">;
  /** Asked before a yes; null: it is a no, which nobody is asked about twice. */
  readonly question: ((stage: StageDescription) => string) | null;
  readonly yes?: boolean;
  /** Where to write the statement, in place of the journal. */
  readonly out?: string | undefined;
}

/** A command by which a person signs what they say to a rollout. */
export abstract class ConsentCommand<C extends typeof Command> extends RolloutCommand<C, ConsentResult> {
  protected override render(result: ConsentResult): string {
    return `${whatWasSaid(result)}\n\n${super.render(result)}`;
  }

  /** Shows the stage, asks, signs, and writes it down; then takes a turn. */
  protected async consent(request: ConsentRequest): Promise<ConsentResult> {
    const context = await this.context(request.env);
    const live = await this.#open(context, request.rolloutId);
    assertUnderWay(live.state);
    const words = request.words(live.state);
    assertTimely(live.state, words);
    const stage = stageOf(live.state, words.stage);
    const { approvers } = live.state.config;
    // Who may not say it is told so before they read what it would come to.
    const signer = approvers === undefined ? null : await consentSigner(request, context, approvers);
    if (request.question !== null) {
      const canAsk = process.stdin.isTTY && process.stderr.isTTY && !this.jsonEnabled();
      if (canAsk || request.yes) this.conversation.info(stageText(stage));
      await confirm({
        question: request.question(stage),
        details: { stage },
        yes: request.yes ?? false,
        canAsk,
        input: process.stdin,
        output: process.stderr,
      });
    }
    const consent = await this.#sign(words, live.state.config, signer, context);
    if (request.out === undefined) return this.#write(live, consent, words.decision, stage, context);
    const { writeNewFile } = await import("../write-new-file.ts");
    writeNewFile(request.out, consent.statement ?? "", false);
    const said = { decision: words.decision, stage, by: consent.by, reason: consent.reason };
    const view = describeRollout(live.state, systemClock.now());
    return { ...view, consent: { ...said, written: false, file: request.out } };
  }

  /** Writes down what an approver has signed elsewhere. */
  protected async bringIn(
    envName: string,
    rolloutId: string | undefined,
    file: string,
    decision: ConsentWords["decision"],
  ): Promise<ConsentResult> {
    const { readBoundedFile } = await import("../../base/bounded-file.ts");
    const { consentInvalid } = await import("../../rollout/consent/consent-statement.ts");
    const statement = readBoundedFile(file, 256 * 1024, "the signed statement").toString();
    const context = await this.context(envName);
    const live = await this.#open(context, rolloutId);
    const { predicate } = await context.consents.read(statement, live.state.config);
    if (predicate.decision !== decision)
      throw consentInvalid(`it says ${predicate.decision}, not ${decision}`);
    const consent = await readConsent(statement, live.state.config, context.consents);
    assertTimely(live.state, predicate);
    return this.#write(live, consent, decision, stageOf(live.state, consent.stage), context);
  }

  async #open(context: Context, rolloutId: string | undefined): Promise<LiveRollout> {
    const journal = await openCurrentRollout(await context.journals(), rolloutId);
    const live = new LiveRollout(journal, context.consents);
    await live.catchUp();
    return live;
  }

  async #sign(
    words: Omit<ConsentWords, "atMs">,
    config: RolloutConfig,
    signer: Signer | null,
    context: Context,
  ): Promise<Consent> {
    if (signer === null) {
      // Rollouts of earlier releases took people at their word, and have nobody on record to compare with.
      const { decision, ...said } = words;
      const { planDigest } = config;
      return { type: consentTypes[decision], ...said, planDigest, by: identity(undefined) };
    }
    return signedConsent(words, config, { clock: systemClock, consents: context.consents, signer });
  }

  async #write(
    live: LiveRollout,
    consent: Consent,
    decision: ConsentWords["decision"],
    stage: StageDescription,
    context: Context,
  ): Promise<ConsentResult> {
    const { consents } = context;
    const written = await takeConsent(live, consent, { clock: systemClock, consents });
    const view = await this.goOn(context, live, written);
    const { by, reason } = consent;
    return { ...view, consent: { decision, stage, by, reason, written, file: null } };
  }
}

function whatWasSaid({ consent, environment, rolloutId }: ConsentResult): string {
  const { by, decision, file, stage, written } = consent;
  const what = `${decision} stage ${stage.stage} as ${by}`;
  if (file === null) return `${written ? "Written down" : "Said before already, nothing new"}: ${what}.`;
  const words = `rollout ${decision} ${rolloutId} --statement ${file}`;
  return `Signed: ${what}. To write it down: ${iotctlCommand(words, environment)}`;
}

function stageOf(state: RolloutState, name: string): StageDescription {
  const stage = describeStage(state, name, systemClock.now());
  if (stage) return stage;
  throw new Error(`stage ${name} was there a moment ago`);
}
