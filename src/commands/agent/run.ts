import { resolve } from "node:path";
import * as Flags from "@oclif/core/flags";
import { systemClock } from "../../base/clock.ts";
import { seededRandom } from "../../base/random.ts";
import { BaseCommand, type CommandInput } from "../../cli/base-command.ts";
import { deviceToken } from "../../cli/device-token.ts";
import { interruption } from "../../cli/interruption.ts";

interface AgentResult {
  readonly id: string;
}

export default class AgentRun extends BaseCommand<typeof AgentRun, AgentResult> {
  static override summary = "Run the update agent of one device until it is interrupted.";
  static override description =
    "It polls the fleet server, verifies what it is sent, installs it into the idle one of two slots, starts it, and " +
    "keeps it only when it is healthy. The token comes from a file or from IOTCTL_DEVICE_TOKEN.";
  static override examples = [
    "<%= config.bin %> agent run --id fan-0001 --hardware fan-a1 --token-file fan-0001.token --dir /var/lib/fan",
    "<%= config.bin %> agent run --id fan-0002 --hardware fan-a1 --dir fan-0002 --factory-image old.bin --factory-version 1.9.4",
  ];
  static override flags = {
    id: Flags.string({ summary: "Id of the device.", required: true }),
    hardware: Flags.string({ summary: "Its hardware model.", required: true, helpValue: "<model>" }),
    dir: Flags.string({
      summary: "Directory for everything the device keeps.",
      required: true,
      helpValue: "<dir>",
    }),
    server: Flags.string({ summary: "Fleet server; else the environment's.", helpValue: "<url>" }),
    "token-file": Flags.string({ summary: "File with the token of the device.", helpValue: "<file>" }),
    "trusted-key": Flags.string({
      summary: "Public key whose releases it believes; else the environment's. Can be given more than once.",
      multiple: true,
      helpValue: "<file>",
    }),
    "payload-port": Flags.integer({
      summary: "Loopback port on which the firmware is to answer.",
      default: 8000,
      min: 1,
      max: 65_535,
    }),
    "link-port": Flags.integer({ summary: "Loopback port on which phones talk to it.", min: 0, max: 65_535 }),
    "factory-image": Flags.string({
      summary: "What a new device runs before its first update.",
      dependsOn: ["factory-version"],
      helpValue: "<file>",
    }),
    "factory-version": Flags.string({
      summary: "Version of the factory image.",
      dependsOn: ["factory-image"],
      helpValue: "<version>",
    }),
    component: Flags.string({ summary: "Name of its firmware component, until the first update tells it." }),
  };

  protected override async execute({ flags }: CommandInput<typeof AgentRun>): Promise<AgentResult> {
    const { runAgent } = await import("../../agent/run-agent.ts");
    const { loadTrustedKeys } = await import("../../signing/load-trusted-keys.ts");
    const signal = interruption();
    const trusted = flags["trusted-key"];
    const { "factory-image": imageFile, "factory-version": version } = flags;
    await runAgent({
      serverUrl: flags.server ?? (await this.context(flags.env)).fleetUrl(),
      deviceId: flags.id,
      token: deviceToken(flags["token-file"], process.env),
      hardware: flags.hardware,
      dir: resolve(flags.dir),
      trustedKeys: trusted
        ? loadTrustedKeys({ keyFile: "", trustedKeyFiles: trusted })
        : await (await this.context(flags.env)).trustedKeys(),
      payloadPort: flags["payload-port"],
      ...(flags["link-port"] === undefined ? {} : { linkPort: flags["link-port"] }),
      ...(imageFile === undefined || version === undefined ? {} : { factory: { imageFile, version } }),
      ...(flags.component === undefined ? {} : { component: flags.component }),
      clock: systemClock,
      // Only spreads polls over time, so that it must differ between processes and nothing more.
      random: seededRandom(process.pid),
      log: (message) => this.conversation.info(message),
      signal,
    });
    return { id: flags.id };
  }

  protected override render({ id }: AgentResult): string {
    return `The agent of ${id} has stopped.`;
  }
}
