import * as Flags from "@oclif/core/flags";
import { systemClock } from "../../base/clock.ts";
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
  ];
  static override flags = {
    dir: Flags.string({ summary: "Directory of the server; else the environment's.", helpValue: "<dir>" }),
    host: Flags.string({ summary: "Address to listen on.", default: "127.0.0.1", helpValue: "<address>" }),
    port: Flags.integer({
      summary: "Port to listen on; 0 takes any that is free.",
      default: 0,
      min: 0,
      max: 65_535,
      helpValue: "<port>",
    }),
    "poll-interval": durationFlag({ summary: "How long devices sleep between polls.", default: 30_000 }),
  };

  protected override async execute({ flags }: CommandInput<typeof FleetServe>): Promise<ServeResult> {
    const { startFleetServer } = await import("../../server/fleet-server.ts");
    const stop = interruption();
    const dir = flags.dir ?? (await this.context(flags.env)).environment.fleet.dir;
    const { host, port } = flags;
    const log = (line: string): void => this.conversation.warn(line);
    const pollIntervalMs = flags["poll-interval"];
    const server = await startFleetServer({ dir, host, port, pollIntervalMs, clock: systemClock, log });
    this.conversation.info(
      `Fleet server listens on ${server.url}, keeps its data in ${dir}. Ctrl-C stops it.`,
    );
    await aborted(stop);
    await server.close();
    return { url: server.url, dir };
  }

  protected override render({ url }: ServeResult): string {
    return `Fleet server on ${url} has stopped.`;
  }
}
