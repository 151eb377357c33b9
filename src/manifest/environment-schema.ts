import * as z from "zod/mini";
import { entries, list, mapping, text } from "./schema-parts.ts";

const describe = z.describe;

const fleet = mapping({
  backend: z.literal("embedded").check(describe("What carries firmware to devices.")),
  url: z.optional(text("url", "Address of a running fleet server. Default: the one started in `directory`.")),
  directory: z.optional(text("path", "Where `iotctl fleet serve` keeps its data.")),
  "token-env": z.optional(
    text("variable", "Environment variable with the control token. Default: the file in `directory`."),
  ),
}).check(describe("The fleet backend."));

const storefront = mapping({
  kind: z.literal("local").check(describe("What carries apps to users.")),
  url: z.optional(text("url", "Address of a running storefront. Default: the one started in `directory`.")),
  directory: z.optional(text("path", "Where `iotctl dev storefront` keeps its data.")),
}).check(describe("The storefront."));

const signing = mapping({
  key: z.optional(text("path", "PKCS#8 PEM file with the P-256 key that signs. Required except in `local`.")),
  trusted: z
    .optional(list(text("path"), { kind: "paths", max: 100 }))
    .check(describe("PEM files of the public keys that are trusted. Default: the public half of `key`.")),
}).check(describe("Who signs, and whose signatures count."));

const freeze = mapping({
  from: text("localTime", "The day or local time at which it begins."),
  until: text("localTime", "The last day of it, or the local time at which it is over."),
  why: text("reason", "Why; it is shown to who waits."),
});

const environment = mapping({
  fleet: z.optional(fleet),
  storefront: z.optional(storefront),
  storage: z
    .optional(mapping({ directory: text("path", "Directory where published bundles lie.") }))
    .check(describe("Where bundles are published.")),
  signing: z.optional(signing),
  rollouts: z.optional(text("path", "Directory for the journals of rollouts.")),
  freezes: z
    .optional(list(freeze, { kind: "freezes", max: 100 }))
    .check(describe("Times in which no rollout begins anything.")),
});

/** The shape of iotctl.yaml. Paths in it are relative to the file. */
export const environmentSchema = mapping({
  apiVersion: z.literal("iotctl.dev/v1"),
  kind: z.literal("Environments"),
  environments: entries("name", environment, { kind: "environments", max: 100 }).check(
    describe("Environments by name, chosen with --env."),
  ),
});

export type EnvironmentInput = z.infer<typeof environment>;
export type FreezeInput = z.infer<typeof freeze>;
