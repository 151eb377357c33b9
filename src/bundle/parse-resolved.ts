import * as z from "zod";
import { digestPattern } from "../storage/oci-layout.ts";
import type { ResolvedRelease } from "./resolved-release.ts";

// Unknown members are refused: a reader that does not understand a constraint must not act without it.
const artifactSchema = z.strictObject({
  filename: z.string().regex(/^[^/\\\0]+$/),
  hardware: z.string().min(1).exactOptional(),
  digest: z.string().regex(digestPattern),
  sizeBytes: z.int().nonnegative(),
});

const componentSchema = z.strictObject({
  kind: z.enum(["app", "firmware", "service"]),
  version: z.string().min(1),
  platform: z.enum(["ios", "android"]).exactOptional(),
  appId: z.string().min(1).exactOptional(),
  requires: z.record(z.string(), z.string()),
  installsOver: z.string().exactOptional(),
  bridges: z.record(z.string(), z.string()).exactOptional(),
  stuck: z.string().min(1).exactOptional(),
  keepsVersions: z.literal(true).exactOptional(),
  securityCounter: z.int().nonnegative().exactOptional(),
  artifacts: z.array(artifactSchema),
});

const resolvedSchema = z.strictObject({
  schemaVersion: z.literal(1),
  product: z.string().min(1),
  version: z.string().min(1),
  components: z.record(z.string(), componentSchema),
  known: z.record(z.string(), z.record(z.string(), componentSchema)),
});

/** A resolved release from JSON of unknown origin, or the list of what is wrong with it. */
export function parseResolved(
  value: unknown,
): { readonly resolved: ResolvedRelease } | { readonly problem: string } {
  const parsed = resolvedSchema.safeParse(value);
  return parsed.success ? { resolved: parsed.data } : { problem: z.prettifyError(parsed.error) };
}
