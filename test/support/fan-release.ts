import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Release } from "../../src/manifest/release.ts";

/** A release with an app, a firmware for two models, a service and a known version that can be a hop. */
export function fanRelease(version = "2026.11.0"): Release {
  return {
    apiVersion: "iotctl.dev/v1",
    kind: "Release",
    product: "ceiling-fan",
    version,
    components: {
      "app-android": {
        kind: "app",
        platform: "android",
        id: "com.example.fan",
        version: "4.2.0",
        artifact: "build/fan.aab",
        requires: { fan: ">=1.9.0 <3.0.0" },
      },
      fan: {
        kind: "firmware",
        version: "2.0.0",
        variants: { "fan-a1": "build/fan-a1.bin", "fan-b2": "build/fan-b2.bin" },
        installsOver: ">=1.8.0 <2.0.0",
        requires: { "app-android": ">=4.1.0" },
      },
      cloud: { kind: "service", version: "5.2.0", requires: { fan: ">=1.8.0" } },
    },
    known: {
      "app-android": { "4.1.0": { requires: { fan: ">=1.8.0 <2.1.0" } } },
      fan: {
        "1.8.0": { requires: {} },
        "1.9.4": {
          requires: {},
          variants: { "fan-a1": "old/fan.bin", "fan-b2": "old/fan.bin" },
          installsOver: ">=1.8.0 <1.9.4",
        },
      },
    },
    rollout: { stages: [] },
    gates: {},
    retire: { belowPercent: 0.5, unseenMs: 0 },
    pairing: "arbitrary",
    onFailure: "rollback",
  };
}

/** Writes the artifacts of `fanRelease` below `dir`; `seed` tells builds apart. */
export function writeFanArtifacts(dir: string, seed = "first build", sizeBytes = 1000): void {
  for (const path of ["build/fan.aab", "build/fan-a1.bin", "build/fan-b2.bin", "old/fan.bin"]) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), Buffer.alloc(sizeBytes, `${path} of the ${seed}\n`));
  }
}
