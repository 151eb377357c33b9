import * as z from "zod/mini";
import { environmentSchema } from "./environment-schema.ts";
import { releaseSchema } from "./release-schema.ts";

/** JSON Schema (2020-12) of `release.yaml` as it is written, for editors. */
export function releaseJsonSchema(): Record<string, unknown> {
  return jsonSchema(
    releaseSchema,
    "release",
    "A release of apps, firmware and services that belong together",
  );
}

/** JSON Schema (2020-12) of `iotctl.yaml` as it is written, for editors. */
export function environmentJsonSchema(): Record<string, unknown> {
  return jsonSchema(environmentSchema, "environments", "The environments that iotctl works with");
}

function jsonSchema(schema: z.ZodMiniType, name: string, title: string): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return { $schema, $id: `https://iotctl.dev/schemas/v1/${name}.json`, title, ...rest };
}
