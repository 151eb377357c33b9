import { hostname, userInfo } from "node:os";
import * as Flags from "@oclif/core/flags";
import type { Command } from "@oclif/core/command";
import { describeRollout, type RolloutView } from "../rollout/engine/describe-rollout.ts";
import type { RolloutEvent } from "../rollout/engine/events.ts";
import type { RolloutConfig, RolloutState } from "../rollout/engine/state.ts";
import { IotctlError } from "../base/errors.ts";
import { iotctlCommand } from "../base/iotctl-command.ts";
import type { LiveRollout } from "../rollout/live-rollout.ts";
import { BaseCommand } from "./base-command.ts";
import type { Context } from "./context.ts";
import { rolloutText } from "./render/rollout-text.ts";
import { openCurrentRollout } from "./rollout-arg.ts";

/** Flags of a command by which a person says something to a rollout. */
export const personFlags = {
  by: Flags.string({
    summary: "Who says so.",
    env: "IOTCTL_IDENTITY",
    defaultHelp: async () => "user@host",
    helpValue: "<name>",
  }),
  reason: Flags.string({ summary: "Why; it is kept in the journal.", default: "" }),
};

/** A command about one rollout, whose result is how the rollout stands, and perhaps more. */
export abstract class RolloutCommand<
  C extends typeof Command,
  View extends RolloutView = RolloutView,
> extends BaseCommand<C, View> {
  protected override render(view: View): string {
    return rolloutText(view, Date.now());
  }

  /**
   * Writes into the journal what is to be said to a rollout as it stands, then carries out what follows
   * from it at once. `event` may throw what speaks against it; null: there is nothing to say.
   */
  protected async tell(
    envName: string,
    rolloutId: string | undefined,
    event: (state: RolloutState) => RolloutEvent | null,
  ): Promise<RolloutView> {
    const { systemClock } = await import("../base/clock.ts");
    const { LiveRollout } = await import("../rollout/live-rollout.ts");
    const { sayToRollout } = await import("./say-to-rollout.ts");
    const context = await this.context(envName);
    const journal = await openCurrentRollout(await context.journals(), rolloutId);
    const live = new LiveRollout(journal, context.consents);
    await live.catchUp();
    const written = await sayToRollout(live, event, systemClock);
    if (!written) this.conversation.info("Nothing new was said, so nothing was written down.");
    return this.goOn(context, live, written);
  }

  /** One turn, so that what was written down takes effect at once; where another has the turn it is theirs. */
  protected async goOn(context: Context, live: LiveRollout, written: boolean): Promise<RolloutView> {
    const { systemClock } = await import("../base/clock.ts");
    const { advance, readRollout } = await import("../rollout/advance.ts");
    const { journal, state } = live;
    if (!written && state.pending.length === 0) return describeRollout(state, systemClock.now());
    try {
      return describeRollout(await advance(journal, await context.rolloutPorts()), systemClock.now());
    } catch (error) {
      // Who has the turn acts on what was written as soon as what it does now is done.
      if (isLocked(error))
        return describeRollout(await readRollout(journal, context.consents), systemClock.now());
      throw written ? tookEffectLater(error, state.config) : error;
    }
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof IotctlError && error.code === "IOT_ROLLOUT_LOCKED";
}

/** What was said is in the journal already when the backend turns out to be away. */
function tookEffectLater(error: unknown, { environment, rolloutId }: RolloutConfig): unknown {
  if (!(error instanceof IotctlError)) return error;
  const { cause, code, details, hints, message } = error;
  const command = iotctlCommand(`rollout advance ${rolloutId}`, environment);
  const later = `It is written down and takes effect with the next turn: ${command}`;
  return new IotctlError(code, message, { hints: [later, ...hints], details, cause });
}

/** Who is at the keyboard, unless somebody else is named. */
export function identity(by: string | undefined): string {
  return by ?? `${userName()}@${hostname()}`;
}

/** A container may run with a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
