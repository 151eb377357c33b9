import * as z from "zod/mini";
import { mapping, text } from "./schema-parts.ts";

const s3 = mapping({
  bucket: text("bucket", "Name of the bucket."),
  prefix: z.optional(text("prefix", "What the names of all objects begin with. Default: nothing.")),
  endpoint: z.optional(text("url", "Address of what speaks S3. Default: AWS.")),
  region: z.optional(text("region", "Default: us-east-1.")),
  "path-style": z
    .optional(z.boolean({ error: "truth" }))
    .check(
      z.describe(
        "The bucket is in the path, not in the host name. Default: true where there is an `endpoint`.",
      ),
    ),
}).check(z.describe("In a bucket that takes conditional writes."));

const oneOf = mapping({
  directory: z.optional(text("path", "In this directory.")),
  server: z.optional(z.literal(true)).check(z.describe("In the fleet server.")),
  s3: z.optional(s3),
}).check(
  z.refine((places) => Object.keys(places).length <= 1, { error: "rollouts" }),
  z.meta({ maxProperties: 1 }),
);

/** Where journals lie: the path of a directory, or a mapping with one place. */
export const rolloutsSchema = z.union([text("path"), oneOf], { error: "rollouts" });

export type RolloutsInput = z.infer<typeof rolloutsSchema>;
