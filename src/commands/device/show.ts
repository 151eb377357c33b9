import * as Args from "@oclif/core/args";
import { systemClock } from "../../base/clock.ts";
import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { deviceText } from "../../cli/device-text.ts";
import type { Device } from "../../fleet/fleet-backend.ts";
import type { DeviceEvent } from "../../server/control/control-api.ts";

interface ShowResult {
  readonly device: Device;
  readonly history: readonly DeviceEvent[];
}

export default class DeviceShow extends BaseCommand<typeof DeviceShow, ShowResult> {
  static override summary = "Show one device and what happened to it.";
  static override examples = ["<%= config.bin %> device show fan-0001"];
  static override args = {
    id: Args.string({ description: "Id of the device.", required: true, ignoreStdin: true }),
  };

  protected override async execute({ args, flags }: CommandInput<typeof DeviceShow>): Promise<ShowResult> {
    const fleet = await (await this.context(flags.env)).fleet();
    return { device: await fleet.getDevice(args.id), history: await fleet.history(args.id) };
  }

  protected override render({ device, history }: ShowResult): string {
    return deviceText(device, history, systemClock.now());
  }
}
