import * as Flags from "@oclif/core/flags";
import { systemClock } from "../../base/clock.ts";
import { seededRandom } from "../../base/random.ts";
import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { durationFlag } from "../../cli/duration-flag.ts";
import { aborted, interruption } from "../../cli/interruption.ts";
import { percentFlag } from "../../cli/percent-flag.ts";

interface StorefrontResult {
  readonly url: string;
  readonly dir: string;
}

export default class DevStorefront extends BaseCommand<typeof DevStorefront, StorefrontResult> {
  static override summary = "Run an app store with virtual users until it is interrupted.";
  static override description =
    "Users install what the store shows them after a while of their own and talk to their devices. Their time runs " +
    "faster than ours. `dev fleet` gives the store its users.";
  static override examples = [
    "<%= config.bin %> dev storefront",
    "<%= config.bin %> dev storefront --speed 3600 --adoption 1d --eager 20% --seed 7",
  ];
  static override flags = {
    dir: Flags.string({ summary: "Directory of the store; else the environment's.", helpValue: "<dir>" }),
    port: Flags.integer({
      summary: "Port to listen on; 0 takes any that is free.",
      default: 0,
      min: 0,
      max: 65_535,
    }),
    speed: Flags.integer({
      summary: "How much faster than ours the users' time runs.",
      default: 600,
      min: 1,
      max: 1_000_000,
    }),
    adoption: durationFlag({ summary: "How long users take on average to install.", default: 4 * 3_600_000 }),
    visits: durationFlag({ summary: "How often a phone talks to its device.", default: 600_000 }),
    review: durationFlag({ summary: "How long the store reviews a version; else not at all." }),
    eager: percentFlag({ summary: "Share of iOS users who install by hand at once.", default: 10 }),
    seed: Flags.integer({ summary: "Same seed, same users.", default: 1 }),
  };

  protected override async execute({ flags }: CommandInput<typeof DevStorefront>): Promise<StorefrontResult> {
    const { startStorefrontServer } = await import("../../simulation/storefront-server.ts");
    const stop = interruption();
    const dir = flags.dir ?? (await this.context(flags.env)).environment.storefront.dir;
    const server = await startStorefrontServer({
      dir,
      port: flags.port,
      clock: systemClock,
      random: seededRandom(flags.seed),
      timeScale: flags.speed,
      adoptionMeanMs: flags.adoption,
      visitIntervalMs: flags.visits,
      reviewDelayMs: flags.review ?? 0,
      eagerPercent: flags.eager,
      log: (line) => this.conversation.info(line),
    });
    this.conversation.info(`It keeps its data in ${dir}. Ctrl-C stops it.`);
    await aborted(stop);
    await server.close();
    return { url: server.url, dir };
  }

  protected override render({ url }: StorefrontResult): string {
    return `Storefront on ${url} has stopped.`;
  }
}
