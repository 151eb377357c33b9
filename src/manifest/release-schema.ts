import * as z from "zod/mini";
import { gateSchema } from "./gate-schema.ts";
import { entries, integer, list, mapping, text } from "./schema-parts.ts";

const describe = z.describe;

const requires = z
  .optional(entries("name", text("range"), { kind: "requires", max: 100 }))
  .check(describe("The pins: what this version needs of other components, name to range."));
const bridges = z
  .optional(entries("name", text("range"), { kind: "bridges", max: 100 }))
  .check(describe("Firmware that this app can update even where the two do not fit, name to range."));
const version = text("version", "Semantic version.");

const app = mapping({
  kind: z.literal("app"),
  platform: z.enum(["ios", "android"]).check(describe("The store it goes to.")),
  id: text("appId", "Bundle identifier or application id."),
  version,
  artifact: text("path", "The package (.ipa, .aab, .apk), relative to this file."),
  requires,
  bridges,
}).check(describe("A phone app."));

const variants = entries("hardware", text("path"), { kind: "variants", min: 1, max: 100 });
const installsOver = text("range", "Installed versions that it can replace. Default: every lower one.");
const securityCounter = integer(
  "counter",
  0,
  4_294_967_295,
  "Anti-rollback counter of the images: hardware that ran it refuses every lower one. Default: 0.",
);

const firmware = mapping({
  kind: z.literal("firmware"),
  version,
  variants: z.clone(variants).check(describe("Hardware model to its image, relative to this file.")),
  "installs-over": z.optional(installsOver),
  "security-counter": z.optional(securityCounter),
  requires,
}).check(describe("The firmware of a device."));

const service = mapping({
  kind: z.literal("service"),
  version,
  requires,
  deploy: z.optional(
    text("command", "Shell command that deploys it; it gets IOTCTL_COMPONENT and IOTCTL_VERSION."),
  ),
  observe: z.optional(
    mapping({
      url: text("url", "Answers with JSON that holds the running version."),
      field: text("field", "Name of the JSON field with the version."),
    }).check(describe("Where the running version can be read.")),
  ),
  "keeps-versions": z
    .optional(z.boolean({ error: "truth" }))
    .check(describe("Whether it goes on serving the old version beside the new. Default: false.")),
}).check(describe("A cloud service."));

const component = z.discriminatedUnion("kind", [app, firmware, service]);

const knownVersion = mapping({
  requires,
  artifact: z.optional(text("path", "App: its package, so that it can be introduced.")),
  variants: z.optional(variants).check(describe("Firmware: its images, so that it can be introduced.")),
  "installs-over": z.optional(installsOver),
  "security-counter": z.optional(securityCounter),
  bridges,
  stuck: z.optional(text("reason", "Why those who use this version can never leave it.")),
}).check(describe("A version in the field. With its artifact or variants it can be introduced as a hop."));

const shares = list(text("percent"), { kind: "share", min: 1, max: 100 });
const share = z.union([text("percent"), shares], { error: "share" });

const labelled = mapping({
  label: text("label", "Devices with this label, as key=value."),
  max: z.optional(integer("deviceCount", 1, 10_000_000, "At most this many of them.")),
});

const stage = mapping({
  name: text("name", "Name of the stage, unique in the rollout."),
  devices: z
    .optional(z.union([...share.def.options, labelled], { error: "devices" }))
    .check(describe("Which devices: a percentage, a percentage per wave, or a label. Default: as before.")),
  apps: z
    .optional(share)
    .check(describe("Share of app users: a percentage or a percentage per wave. Default: as before.")),
  bake: z.optional(text("duration", "How long each wave is watched before the next. Default: 0s.")),
  gates: z
    .optional(list(text("name"), { kind: "gateNames", max: 50 }))
    .check(describe("Gates that each wave must pass. Default: [updated].")),
  approve: z.optional(
    integer("approvals", 0, 20, "How many people must approve before the stage begins. Default: 0."),
  ),
  window: z
    .optional(
      z.union([text("window"), list(text("window"), { kind: "windows", min: 1, max: 20 })], {
        error: "windows",
      }),
    )
    .check(describe("When anything of the stage may begin, one or several. Default: at any time.")),
});

/** The shape of release.yaml. What lies between its values is in `rules/`. */
export const releaseSchema = mapping({
  apiVersion: z.literal("iotctl.dev/v1"),
  kind: z.literal("Release"),
  product: text("product", "Name of the product; bundles lie under it."),
  version: text("version", "Semantic version of the release as a whole; 2026.11.0 is one."),
  components: entries("name", component, { kind: "components", min: 1, max: 100 }).check(
    describe("The parts of the product with the versions that this release brings."),
  ),
  known: z
    .optional(
      entries("name", entries("version", knownVersion, { kind: "knownVersions", max: 200 }), {
        kind: "known",
        max: 100,
      }),
    )
    .check(describe("Versions in the field that iotctl did not release, by component, then version.")),
  rollout: z
    .optional(
      mapping({
        stages: list(stage, { kind: "stages", min: 1, max: 50 }).check(
          describe("In order; each has one or more waves."),
        ),
      }),
    )
    .check(describe("Stages, in order. Default: one stage for everybody.")),
  gates: z
    .optional(entries("name", gateSchema, { kind: "gates", max: 50 }))
    .check(describe("Gates by name, beside the built-in `updated` and `heartbeat`.")),
  retire: z
    .optional(
      mapping({
        below: z.optional(
          text(
            "retireShare",
            "Share of devices, or of app users, below which it counts as gone. Default: 0.5%.",
          ),
        ),
        unseen: z.optional(
          text("positiveDuration", "Only devices seen within this time count. Default: 30d."),
        ),
      }),
    )
    .check(describe("When an old version counts as gone.")),
  pairing: z
    .optional(z.enum(["observed", "arbitrary"]))
    .check(describe("Which phones meet which devices. Default: arbitrary, everything may meet everything.")),
  "on-failure": z
    .optional(z.enum(["rollback", "hold"]))
    .check(describe("What happens when a gate fails. Default: hold.")),
});

/** The same with no component at all, for checking the rest of a release whose components are refused. */
export const componentlessReleaseSchema = z.extend(releaseSchema, {
  components: entries("name", component, { kind: "components", max: 100 }),
});

export type ReleaseInput = z.infer<typeof releaseSchema>;
export type StageInput = NonNullable<ReleaseInput["rollout"]>["stages"][number];
