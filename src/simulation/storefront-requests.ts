import * as z from "zod";
import { isVersion } from "../compat/versions.ts";
import {
  type ExposeRequest,
  type HaltRequest,
  type LinksRequest,
  type PopulationRequest,
  type PublishRequest,
  phonesMax,
} from "../storefronts/local/wire.ts";

// What a device's link takes: one odd name would have it refuse the visits of the whole batch.
const name = z.string().regex(/^[\w.:@-]{1,128}$/, "not a name of letters, digits and ._:@-");
const component = z.string().regex(/^[\w.-]{1,64}$/, "not the name of a component");
const version = z.string().max(64).refine(isVersion, "not a semver version");
const url = z.url({ protocol: /^https?$/ }).max(2000);

/** What the local storefront's requests must look like; anything else is refused whole. */
export const publishRequest: z.ZodType<PublishRequest> = z.strictObject({
  component,
  platform: z.enum(["ios", "android"]),
  appId: name,
  version,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, "not sha256:<hex>"),
});

export const exposeRequest: z.ZodType<ExposeRequest> = z.strictObject({
  component,
  version,
  percent: z.number().min(0).max(100),
});

export const haltRequest: z.ZodType<HaltRequest> = z.strictObject({ component, version });

export const populationRequest: z.ZodType<PopulationRequest> = z.strictObject({
  phones: z
    .array(z.strictObject({ id: name, component, version, device: name, link: url.exactOptional() }))
    .max(phonesMax)
    .refine(
      (phones) => new Set(phones.map((phone) => phone.id)).size === phones.length,
      "two phones have one id",
    ),
});

export const linksRequest: z.ZodType<LinksRequest> = z.strictObject({
  links: z
    .array(z.strictObject({ url, devices: z.union([z.literal("*"), z.array(name).max(phonesMax)]) }))
    .max(10_000),
});
