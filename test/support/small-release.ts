import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The smallest release that has an app and a firmware which need each other. */
export const smallRelease = `apiVersion: iotctl.dev/v1
kind: Release
product: lamp
version: 1.0.0
components:
  app:
    kind: app
    platform: android
    id: com.example.lamp
    version: 2.0.0
    artifact: build/lamp.aab
    requires: { lamp: ">=1.1.0" }
  lamp:
    kind: firmware
    version: 1.2.0
    variants: { l1: build/lamp-l1.bin }
    requires: { app: ">=1.9.0" }
known:
  app: { 1.9.0: { requires: { lamp: ">=1.0.0" } } }
  lamp: { 1.1.0: {}, 1.0.0: {} }
rollout:
  stages:
    - { name: all, devices: 100%, apps: 100%, bake: 1h, gates: [updated] }
gates:
  updated: { measure: update-failure, limit: 2%, alpha: 0.05, deadline: 6h }
`;

/** Writes the release and its artifacts into a directory; returns the path of the manifest. */
export function writeSmallRelease(dir: string, manifest = smallRelease): string {
  const files = { "release.yaml": manifest, "build/lamp.aab": "an app", "build/lamp-l1.bin": "a firmware" };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return join(dir, "release.yaml");
}
