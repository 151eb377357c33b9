import * as Flags from "@oclif/core/flags";
import { systemClock } from "../../base/clock.ts";
import type { Context } from "../../cli/context.ts";
import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { durationFlag } from "../../cli/duration-flag.ts";
import { aborted, interruption } from "../../cli/interruption.ts";

interface ServeResult {
  readonly url: string;
  readonly dir: string;
}

export default class FleetServe extends BaseCommand<typeof FleetServe, ServeResult> {
  static override summary = "Run the embedded fleet server until it is interrupted.";
  static override description =
    "Devices talk to it in Eclipse hawkBit's DDI. It keeps everything in one directory and tells other commands " +
    "there where it listens (address.json) and how to prove who they are (control-token).";
  static override examples = [
    "<%= config.bin %> fleet serve",
    "<%= config.bin %> fleet serve --host 0.0.0.0 --port 8480 --poll-interval 5m",
    "<%= config.bin %> fleet serve --env production --controller",
  ];
  static override flags = {
    dir: Flags.string({ summary: "Directory of the server; else the environment's.", helpValue: "<dir>" }),
    host: Flags.string({ summary: "Address to listen on.", default: "127.0.0.1", helpValue: "<address>" }),
    port: Flags.integer({
      summary: "Port to listen on, 0 for any that is free; else the one of the last time.",
      min: 0,
      max: 65_535,
      helpValue: "<port>",
    }),
    "poll-interval": durationFlag({ summary: "How long devices sleep between polls.", default: 30_000 }),
    controller: Flags.boolean({
      summary: "Also move the rollouts of the environment on, as `rollout advance` does.",
    }),
    interval: durationFlag({ summary: "How often the controller looks.", default: 10_000 }),
  };

  protected override async execute({ flags }: CommandInput<typeof FleetServe>): Promise<ServeResult> {
    const { startFleetServer } = await import("../../server/fleet-server.ts");
    const stop = interruption();
    const context = await this.context(flags.env);
    const dir = flags.dir ?? context.environment.fleet.dir;
    const { host, port } = flags;
    const log = (line: string): void => this.conversation.warn(line);
    const say = (line: string): void => this.conversation.info(line);
    const pollIntervalMs = flags["poll-interval"];
    const server = await startFleetServer({
      dir,
      host,
      ...(port !== undefined && { port }),
      pollIntervalMs,
      clock: systemClock,
      log,
    });
    this.conversation.info(
      `Fleet server listens on ${server.url}, keeps its data in ${dir}. Ctrl-C stops it.`,
    );
    const controlling = flags.controller ? control(context, flags.interval, stop, say) : undefined;
    await aborted(stop);
    await controlling;
    await server.close();
    return { url: server.url, dir };
  }

  protected override render({ url }: ServeResult): string {
    return `Fleet server on ${url} has stopped.`;
  }
}

/** The controller reaches the server the way that every other command does. */
async function control(
  context: Context,
  intervalMs: number,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  const { controlRollouts } = await import("../../rollout/controller.ts");
  const [journals, ports] = [await context.journals(), await context.rolloutPorts()];
  await controlRollouts({ journals, ports, clock: systemClock, intervalMs, signal, log });
}
