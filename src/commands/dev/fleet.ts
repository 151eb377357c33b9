import * as Flags from "@oclif/core/flags";
import { join } from "node:path";
import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { startDevFleet } from "../../cli/dev-fleet.ts";
import { durationFlag } from "../../cli/duration-flag.ts";
import { aborted, interruption } from "../../cli/interruption.ts";
import { percentFlag } from "../../cli/percent-flag.ts";
import { typedComponentVersion } from "../../cli/component-version.ts";
import type { VirtualDeviceStatus } from "../../simulation/virtual-device.ts";

interface DevFleetResult {
  readonly devices: readonly VirtualDeviceStatus[];
}

export default class DevFleet extends BaseCommand<typeof DevFleet, DevFleetResult> {
  static override summary = "Run virtual devices and their users' phones until it is interrupted.";
  static override description =
    "The devices are the device agent's own core over real HTTP, in one process. `fleet serve` must be running, " +
    "and `dev storefront` too where there are phones (--app).";
  static override examples = [
    "<%= config.bin %> dev fleet --devices 40 --hardware fan-a1,fan-b2 --version 1.9.4",
    "<%= config.bin %> dev fleet --devices 1000 --version 1.9.4 --app app-ios@4.1.0 --app app-android@4.1.0 --offline 10% --slow 10%",
  ];
  static override flags = {
    devices: Flags.integer({ summary: "How many.", default: 20, min: 1, max: 100_000, helpValue: "<count>" }),
    hardware: Flags.string({
      summary: "Their hardware models in turn, separated by commas.",
      multiple: true,
      delimiter: ",",
      default: ["rev-a"],
      helpValue: "<models>",
    }),
    version: Flags.string({
      summary: "The firmware they leave the factory with.",
      required: true,
      helpValue: "<version>",
    }),
    component: Flags.string({
      summary: "Name of their firmware component, until the first update tells it.",
    }),
    app: Flags.string({
      summary: "An app that their phones run; given more than once, in turn.",
      multiple: true,
      helpValue: "<component@version>",
    }),
    canaries: Flags.integer({ summary: "How many have the label ring=canary.", default: 5, min: 0 }),
    offline: percentFlag({ summary: "Share of devices that are away now and then.", default: 0 }),
    slow: percentFlag({ summary: "Share of devices that poll slowly.", default: 0 }),
    failing: percentFlag({ summary: "Share of devices on which updates fail.", default: 0 }),
    "poll-interval": durationFlag({ summary: "How often they poll; else as the server says." }),
    seed: Flags.integer({ summary: "Same seed, same fleet.", default: 1 }),
    dir: Flags.string({
      summary: "Where the devices are kept; else beside the environment's server.",
      helpValue: "<dir>",
    }),
  };

  protected override async execute({ flags }: CommandInput<typeof DevFleet>): Promise<DevFleetResult> {
    const stop = interruption();
    const context = await this.context(flags.env);
    const pollIntervalMs = flags["poll-interval"];
    const fleet = await startDevFleet(context, {
      count: flags.devices,
      hardware: flags.hardware,
      version: flags.version,
      ...(flags.component === undefined ? {} : { component: flags.component }),
      apps: (flags.app ?? []).map(typedComponentVersion),
      canaries: flags.canaries,
      offlinePercent: flags.offline,
      slowPercent: flags.slow,
      failingPercent: flags.failing,
      ...(pollIntervalMs === undefined ? {} : { pollIntervalMs }),
      seed: flags.seed,
      dir: flags.dir ?? join(context.environment.fleet.dir, "..", "dev-fleet"),
      log: (message) => this.conversation.info(message),
    });
    this.conversation.info(`${flags.devices} virtual devices poll ${context.fleetUrl()}. Ctrl-C stops them.`);
    await aborted(stop);
    await fleet.stop();
    return { devices: fleet.snapshot() };
  }

  protected override render({ devices }: DevFleetResult): string {
    const counts = Map.groupBy(devices, ({ version }) => version ?? "down");
    const parts = [...counts].map(([version, of]) => `${of.length} on ${version}`);
    return `${devices.length} virtual devices have stopped: ${parts.join(", ")}.`;
  }
}
