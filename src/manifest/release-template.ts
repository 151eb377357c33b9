import { IotctlError } from "../base/errors.ts";
import { valueKinds } from "./value-kinds.ts";

export interface ReleaseTemplateOptions {
  /** Lower-case letters, digits, dots, hyphens and underscores; see `productNameFrom`. */
  readonly product: string;
  /** Bundle identifier and application id. Default: `com.example.<product>`. */
  readonly appId?: string;
  /** Hardware models that the firmware has an image for, at least one. Default: `rev-a`. */
  readonly hardware?: readonly string[];
}

/** The nearest product name to any text, such as the name of a directory. */
export function productNameFrom(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const name = words.join("-").slice(0, 64).replace(/-$/, "");
  return valueKinds.product.accepts(name) ? name : "my-product";
}

/**
 * Commented text of a `release.yaml` for a first release, which `loadRelease` accepts as it stands.
 * Throws IOT_USAGE when a name in the options cannot stand in one.
 */
export function releaseTemplate(options: ReleaseTemplateOptions): string {
  const { product, hardware = ["rev-a"] } = options;
  const appId = options.appId ?? `com.example.${product.replaceAll(/[^a-z0-9]/g, "")}`;
  requireKind("product", product);
  requireKind("appId", appId);
  for (const model of hardware) requireKind("hardware", model);
  return template(product, appId, hardware);
}

/** The files that the template names as artifacts, relative to it. */
export function templateArtifacts({ hardware = ["rev-a"] }: ReleaseTemplateOptions): string[] {
  return ["build/app.ipa", "build/app.aab", ...hardware.map(imageOf)];
}

const imageOf = (model: string): string => `build/firmware-${model}.bin`;

/** In quotes where YAML would read a number, a truth value or nothing. */
const asText = (text: string): string => (/^(\d.*|true|false|null)$/i.test(text) ? `"${text}"` : text);

function requireKind(kind: "product" | "appId" | "hardware", text: string): void {
  if (valueKinds[kind].accepts(text)) return;
  throw new IotctlError("IOT_USAGE", `\`${text}\` is not ${valueKinds[kind].what}.`, {
    hints: [`Something like ${productNameFrom(text)} would do.`],
  });
}

function template(product: string, appId: string, hardware: readonly string[]): string {
  const variants = hardware.map((model) => `      "${model}": ${imageOf(model)}`).join("\n");
  return `# One release: an app and the firmware it talks to, with what each needs of the other.
# Check it with: iotctl check        Reference: docs/manifest.md, or iotctl schema
apiVersion: iotctl.dev/v1
kind: Release
product: ${asText(product)}
version: 1.1.0

components:
  app-ios:
    kind: app
    platform: ios
    id: ${asText(appId)}
    version: 1.1.0
    artifact: build/app.ipa
    # The pin: what this version needs of other components.
    requires: { firmware: ">=1.0.0 <2.0.0" }
  app-android:
    kind: app
    platform: android
    id: ${asText(appId)}
    version: 1.1.0
    artifact: build/app.aab
    requires: { firmware: ">=1.0.0 <2.0.0" }
  firmware:
    kind: firmware
    version: 1.1.0
    # One image for each hardware model.
    variants:
${variants}
    # Installed versions that it can replace.
    installs-over: ">=1.0.0 <1.1.0"
    requires: { app-ios: ">=1.0.0", app-android: ">=1.0.0" }
  # A cloud service, if there is one:
  # cloud:
  #   kind: service
  #   version: 1.1.0
  #   requires: { firmware: ">=1.0.0" }
  #   deploy: ./deploy.sh
  #   observe: { url: https://api.example.com/version, field: version }

# Versions that people use today. With its artifact or variants, one can be installed again.
# One that its users can never leave says why: { stuck: "phones on iOS 12 get nothing newer" }
known:
  app-ios: { 1.0.0: { requires: { firmware: ">=1.0.0 <2.0.0" } } }
  app-android: { 1.0.0: { requires: { firmware: ">=1.0.0 <2.0.0" } } }
  firmware: { 1.0.0: {} }

rollout:
  stages:
    # A few devices with the label ring=canary first, watched for an hour.
    - name: canary
      devices: { label: ring=canary, max: 50 }
      apps: 1%
      bake: 1h
      gates: [canary-updated]
    # Then everybody in three waves, once one person has approved.
    - name: fleet
      devices: [10%, 50%, 100%]
      apps: [10%, 50%, 100%]
      bake: 24h
      approve: 1

# A stage passes on evidence: the tighter the limit, the more devices it takes. 50 devices are enough
# for 10%, not for the 2% of the built-in gate \`updated\`, which the stage fleet has.
gates:
  canary-updated: { measure: update-failure, limit: 10%, alpha: 0.05, deadline: 6h }

# What happens when a gate fails: rollback or hold.
on-failure: rollback
`;
}
