import * as Args from "@oclif/core/args";
import { BaseCommand, type CommandInput } from "../cli/base-command.ts";

export default class Schema extends BaseCommand<typeof Schema, object> {
  static override summary = "Print the JSON Schema of release.yaml or iotctl.yaml, for editors.";
  static override examples = [
    "<%= config.bin %> schema > release.schema.json",
    "<%= config.bin %> schema environments > iotctl.schema.json",
  ];
  static override args = {
    file: Args.string({
      description: "Which of the two files.",
      options: ["release", "environments"],
      default: "release",
      ignoreStdin: true,
    }),
  };

  protected override async execute({ args }: CommandInput<typeof Schema>): Promise<object> {
    const { environmentJsonSchema, releaseJsonSchema } = await import("../manifest/json-schema.ts");
    return args.file === "release" ? releaseJsonSchema() : environmentJsonSchema();
  }

  protected override render(schema: object): string {
    return JSON.stringify(schema, null, 2);
  }
}
