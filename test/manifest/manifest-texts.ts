import type { Diagnostic } from "../../src/manifest/diagnostic.ts";
import { readRelease } from "../../src/manifest/read-release.ts";
import type { Release } from "../../src/manifest/release.ts";

/** A release that uses every key there is. */
export const fullRelease = `apiVersion: iotctl.dev/v1
kind: Release
product: ceiling-fan
version: 2026.11.0
components:
  app-ios:
    kind: app
    platform: ios
    id: com.example.fan
    version: 4.2.0
    artifact: build/Fan.ipa
    requires: { fan: ">=1.9.0 <3.0.0" }       # the pin: what this version needs of others
  app-android:
    kind: app
    platform: android
    id: com.example.fan
    version: 4.2.0
    artifact: build/fan.aab
    requires: { fan: ">=1.9.0 <3.0.0" }
  fan:
    kind: firmware
    version: 2.0.0
    variants: { fan-a1: build/fan-a1.bin, fan-b2: build/fan-b2.bin }
    installs-over: ">=1.8.0 <2.0.0"
    requires: { app-ios: ">=4.1.0", app-android: ">=4.1.0", cloud: ">=5.1.0" }
  cloud:
    kind: service
    version: 5.2.0
    requires: { fan: ">=1.8.0" }
    deploy: ./deploy.sh                        # a command; it gets the version in its environment
    observe: { url: https://api.example.com/version, field: version }
known:                                         # versions in the field that iotctl did not release
  app-ios: { 4.1.0: { requires: { fan: ">=1.8.0 <2.1.0" } } }
  app-android: { 4.1.0: { requires: { fan: ">=1.8.0 <2.1.0" } } }
  cloud: { 5.1.0: { requires: { fan: ">=1.8.0 <3.0.0" } } }
  fan:
    1.9.4: { variants: { fan-a1: old/fan-a1-1.9.4.bin, fan-b2: old/fan-b2-1.9.4.bin }, installs-over: ">=1.8.0 <1.9.4" }
    1.8.0: {}
rollout:
  stages:
    - { name: canary, devices: { label: ring=canary, max: 50 }, apps: 1%, bake: 1h, gates: [updated, heartbeat], approve: 0 }
    - { name: fleet, devices: [10%, 50%, 100%], apps: [10%, 50%, 100%], bake: 24h, gates: [updated, heartbeat], approve: 1 }
gates:
  updated:   { measure: update-failure, limit: 2%, alpha: 0.05, deadline: 6h }
  heartbeat: { measure: silent-after-update, limit: 2%, alpha: 0.05, deadline: 6h }
retire: { below: 0.5%, unseen: 30d }           # when an old version counts as gone
pairing: observed                              # or arbitrary (default): which phones meet which devices
on-failure: rollback                           # or hold
`;

/** The least that loads. */
export const smallRelease = `apiVersion: iotctl.dev/v1
kind: Release
product: lamp
version: 1.0.0
components:
  lamp:
    kind: firmware
    version: 2.0.0
    variants: { rev-a: lamp.bin }
`;

/** A text with parts of it replaced; each must be in it exactly once. */
export function edited(text: string, ...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((result, [from, to]) => {
    if (result.split(from).length !== 2) throw new Error(`not exactly once in the text: ${from}`);
    return result.replace(from, () => to);
  }, text);
}

export function diagnosticsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly Diagnostic[] {
  return readRelease("release.yaml", text, env).log.diagnostics;
}

/** `CODE line:column` of every problem, without the prefix that all codes have. */
export function problemsOf(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  return diagnosticsOf(text, env).map(
    ({ code, line, column }) => `${code.replace("IOT_MANIFEST_", "")} ${line}:${column}`,
  );
}

export function releaseOf(text: string, env: NodeJS.ProcessEnv = {}): Release {
  const { log, release } = readRelease("release.yaml", text, env);
  if (release === null || log.hasErrors) throw new Error(JSON.stringify(log.diagnostics, null, 2));
  return release;
}
