import { Command } from "@oclif/core/command";
import * as Flags from "@oclif/core/flags";
import type { InferredArgs, InferredFlags } from "@oclif/core/interfaces";
import { Exit, type ExitCode } from "../base/error-codes.ts";
import { asIotctlError } from "./as-iotctl-error.ts";
import { type Context, openContext } from "./context.ts";
import { type Conversation, silentConversation, stderrConversation } from "./conversation.ts";
import { type Envelope, envelopeText, resultEnvelope, wantsJson } from "./envelope.ts";

/** What a command was given, by the names of its own and the global flags. */
export interface CommandInput<C extends typeof Command> {
  readonly flags: InferredFlags<(typeof BaseCommand)["baseFlags"] & C["flags"]>;
  readonly args: InferredArgs<C["args"]>;
  /** Everything that is not a flag, for commands that take any number of arguments (`strict = false`). */
  readonly rest: readonly string[];
}

/**
 * What every command shares: global flags, one result on stdout (for people, or the `--json`
 * envelope), conversation on stderr, errors as `IotctlError`. A command says how to come to its
 * result and how to show it; it decides nothing else.
 */
export abstract class BaseCommand<C extends typeof Command, Result> extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    env: Flags.string({
      summary: "Environment of iotctl.yaml to work with.",
      default: "local",
      env: "IOTCTL_ENV",
      helpGroup: "GLOBAL",
      helpValue: "<name>",
    }),
  };

  /** Does the work; throws an `IotctlError` when it cannot. */
  protected abstract execute(input: CommandInput<C>): Promise<Result>;

  /** The result for people, without a line feed at its end; empty text prints nothing. */
  protected abstract render(result: Result): string;

  /** For results that are a "no" (blocked, undecided, failed): the exit code that says so. */
  protected exitOf(_result: Result): ExitCode {
    return Exit.done;
  }

  /** Says things while the command works; silent under `--json`. */
  protected get conversation(): Conversation {
    return this.jsonEnabled() ? silentConversation : stderrConversation;
  }

  /** The environment that `--env` names, with its adapters. */
  protected context(envName: string): Promise<Context> {
    return openContext({ envName, cwd: process.cwd(), env: process.env });
  }

  override async run(): Promise<Envelope<Result>> {
    const { args, argv, flags } = await this.parse(this.ctor);
    const input = { args, flags, rest: argv.map(String) };
    const result = await this.execute(input as unknown as CommandInput<C>);
    if (!this.jsonEnabled()) {
      const text = this.render(result);
      if (text !== "") process.stdout.write(`${text}\n`);
    }
    return resultEnvelope(this.commandName, result, this.exitOf(result));
  }

  override jsonEnabled(): boolean {
    return wantsJson(this.argv);
  }

  protected override logJson(envelope: Envelope<unknown>): void {
    process.stdout.write(envelopeText(envelope));
  }

  protected override catch(error: Error): Promise<never> {
    throw asIotctlError(error, this.commandName);
  }

  /** As typed: `fleet devices`. */
  protected get commandName(): string {
    return (this.id ?? "").replaceAll(":", " ");
  }
}
