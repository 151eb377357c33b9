import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { resolve } from "node:path";
import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { parseLabels } from "../../cli/label-changes.ts";
import { table } from "../../cli/table.ts";
import { readTokens, writeTokens } from "../../cli/tokens-file.ts";

interface AddResult {
  readonly devices: readonly {
    readonly id: string;
    /** Absent when it was saved to a file. */
    readonly token?: string;
  }[];
  readonly tokensFile: string | null;
}

export default class FleetAdd extends BaseCommand<typeof FleetAdd, AddResult> {
  static override summary = "Make devices known to the fleet, each with a token of its own.";
  static override description =
    "A token is shown or saved this once; the server keeps only its hash. Devices present it as DDI's target token.";
  static override examples = [
    "<%= config.bin %> fleet add fan-0001 --hardware fan-a1 --label ring=canary",
    "<%= config.bin %> fleet add fan-0002 fan-0003 --tokens-file tokens.json",
  ];
  static override strict = false;
  static override args = {
    id: Args.string({ description: "Ids of the devices, one or more.", required: true, ignoreStdin: true }),
  };
  static override flags = {
    hardware: Flags.string({
      summary: "Hardware model, until the device says so itself.",
      helpValue: "<model>",
    }),
    label: Flags.string({
      summary: "A label; can be given more than once.",
      multiple: true,
      helpValue: "<key=value>",
    }),
    "tokens-file": Flags.string({
      summary: "JSON file, readable by you alone, to add the tokens to instead of printing them.",
      helpValue: "<file>",
    }),
  };

  protected override async execute({ flags, rest }: CommandInput<typeof FleetAdd>): Promise<AddResult> {
    const labels = parseLabels(flags.label ?? []);
    const file = flags["tokens-file"] === undefined ? null : resolve(flags["tokens-file"]);
    const saved = file === null ? {} : readTokens(file);
    // A token that cannot be saved is lost, so the file is written once before there are any.
    if (file !== null) writeTokens(file, saved);
    const fleet = await (await this.context(flags.env)).fleet();
    const hardware = flags.hardware === undefined ? {} : { hardware: flags.hardware };
    const devices = await fleet.registerDevices(rest.map((id) => ({ id, labels, ...hardware })));
    if (file === null) return { devices, tokensFile: null };
    writeTokens(file, { ...saved, ...Object.fromEntries(devices.map(({ id, token }) => [id, token])) });
    return { devices: devices.map(({ id }) => ({ id })), tokensFile: file };
  }

  protected override render({ devices, tokensFile }: AddResult): string {
    if (tokensFile !== null)
      return `Added ${devices.map(({ id }) => id).join(", ")}; tokens are in ${tokensFile}`;
    const rows = devices.map(({ id, token }) => [id, token ?? ""]);
    return table([{ title: "DEVICE" }, { title: "TOKEN" }], rows, { whenEmpty: "No devices." });
  }
}
