import * as Flags from "@oclif/core/flags";
import { basename, resolve } from "node:path";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";
import { writeNewFile } from "../cli/write-new-file.ts";

interface InitResult {
  readonly file: string;
  readonly product: string;
  /** What the manifest expects to be built. */
  readonly artifacts: readonly string[];
}

export default class Init extends BaseCommand<typeof Init, InitResult> {
  static override summary = "Write a release.yaml to start from.";
  static override examples = [
    "<%= config.bin %> init",
    "<%= config.bin %> init --product ceiling-fan --app-id com.example.fan --hardware fan-a1,fan-b2",
  ];
  static override flags = {
    product: Flags.string({ summary: "Name of the product; else the directory's.", helpValue: "<name>" }),
    "app-id": Flags.string({ summary: "Bundle identifier and application id.", helpValue: "<id>" }),
    hardware: Flags.string({
      summary: "Hardware models, separated by commas.",
      multiple: true,
      delimiter: ",",
      helpValue: "<models>",
    }),
    file: Flags.string({ summary: "Where to write it.", default: "release.yaml", helpValue: "<file>" }),
    force: Flags.boolean({ summary: "Replace a file that is there already." }),
  };

  protected override async execute({ flags }: CommandInput<typeof Init>): Promise<InitResult> {
    const { productNameFrom, releaseTemplate, templateArtifacts } =
      await import("../manifest/release-template.ts");
    const product = flags.product ?? productNameFrom(basename(process.cwd()));
    const options = {
      product,
      ...(flags["app-id"] === undefined ? {} : { appId: flags["app-id"] }),
      ...(flags.hardware === undefined ? {} : { hardware: flags.hardware }),
    };
    const file = resolve(flags.file);
    writeNewFile(file, releaseTemplate(options), flags.force);
    return { file, product, artifacts: templateArtifacts(options) };
  }

  protected override render({ artifacts, file, product }: InitResult): string {
    return [
      `${file} describes a first release of ${product}.`,
      `It expects these files: ${artifacts.join(", ")}`,
      "Next: iotctl check",
    ].join("\n");
  }
}
