import * as z from "zod/mini";
import { rolloutsSchema } from "./rollouts-schema.ts";
import { entries, integer, list, mapping, text } from "./schema-parts.ts";

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

const keyless = mapping({
  fulcio: text("url", "Address of the certificate authority."),
  rekor: text("url", "Address of the log of signatures."),
  timestamps: z.optional(text("url", "Address of a timestamp authority. Default: the log dates alone.")),
  "trusted-root": text("path", "Sigstore trusted root: whose certificates, logs and times are believed."),
}).check(describe("Signing with an identity in place of a key."));

const signing = mapping({
  key: z.optional(text("path", "PKCS#8 PEM file with the P-256 key that signs. Required except in `local`.")),
  trusted: z
    .optional(list(text("path"), { kind: "paths", max: 100 }))
    .check(describe("PEM files of the public keys that are trusted. Default: the public half of `key`.")),
  keyless: z.optional(keyless),
}).check(describe("Who signs, and whose signatures count."));

const freeze = mapping({
  from: text("localTime", "The day or local time at which it begins."),
  until: text("localTime", "The last day of it, or the local time at which it is over."),
  why: text("reason", "Why; it is shown to who waits."),
});

const approver = mapping({
  name: text("person", "Who it is. Several entries of one name are one person."),
  key: z.optional(text("path", "PEM file of the public key.")),
  identity: z.optional(text("identity", "Mail address or URI of the certificate, compared exactly.")),
  issuer: z.optional(text("url", "Who vouches for the identity: issuer of the OIDC token.")),
}).check(describe("One person, by a key or by an identity and its issuer."));

const approvals = mapping({
  least: z.optional(
    integer("approvals", 0, 20, "A stage that asks for approval asks for at least so many. Default: 0."),
  ),
  approvers: z
    .optional(list(approver, { kind: "approvers", max: 100 }))
    .check(describe("Whose consent counts. Default: whoever holds a key of `signing.trusted`.")),
}).check(describe("Who may approve, deny and cut short."));

const prometheus = mapping({
  url: text("url", "Base address; queries go to its `/api/v1/query`."),
  "token-env": z.optional(
    text("variable", "Environment variable with a bearer token. Default: none is sent."),
  ),
}).check(describe("Prometheus, or what speaks its HTTP API."));

const environment = mapping({
  fleet: z.optional(fleet),
  storefront: z.optional(storefront),
  storage: z
    .optional(mapping({ directory: text("path", "Directory where published bundles lie.") }))
    .check(describe("Where bundles are published.")),
  signing: z.optional(signing),
  approvals: z.optional(approvals),
  rollouts: z.optional(rolloutsSchema).check(describe("Where the journals of rollouts lie.")),
  freezes: z
    .optional(list(freeze, { kind: "freezes", max: 100 }))
    .check(describe("Times in which no rollout begins anything.")),
  metrics: z.optional(mapping({ prometheus })).check(describe("Where gates that name queries ask.")),
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
