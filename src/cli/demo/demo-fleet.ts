import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Phone } from "../../storefronts/local/wire.ts";

export interface DemoDevice {
  readonly id: string;
  readonly hardware: "fan-a1" | "fan-b2";
  readonly version: "1.8.0" | "1.9.4";
  readonly labels: Readonly<Record<string, string>>;
}

/** Canaries and how many phones are still on an app that the new firmware refuses. */
const canaryEvery = 4;
const oldPhoneEvery = 9;

/** The virtual devices of the demo: both models, two firmware versions, a quarter of them canaries. */
export function demoDevices(count: number): DemoDevice[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `fan-${String(index + 1).padStart(3, "0")}`,
    hardware: index % 2 === 0 ? "fan-a1" : "fan-b2",
    version: index % 3 === 0 ? "1.8.0" : "1.9.4",
    labels: { ring: index % canaryEvery === 0 ? "canary" : "home" },
  }));
}

/** One phone for each device, half of them on each platform, some with an old app. */
export function demoPhones(deviceIds: readonly string[]): Phone[] {
  return deviceIds.map((device, index) => ({
    id: `phone-of-${device}`,
    component: index % 2 === 0 ? "app-ios" : "app-android",
    version: index % oldPhoneEvery === oldPhoneEvery - 1 ? "4.0.0" : "4.1.0",
    device,
  }));
}

/** The image a device left the factory with. */
export function factoryImageFile(dir: string, { hardware, version }: DemoDevice): string {
  return join(dir, "firmware", "images", `${hardware}-${version}.bin`);
}

export function factoryImage(dir: string, device: DemoDevice): Uint8Array {
  return readFileSync(factoryImageFile(dir, device));
}
