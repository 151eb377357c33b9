import { hash } from "node:crypto";
import { DeviceJournal } from "./device-journal.ts";
import type { SlotStorage } from "./slot-storage.ts";
import type { StateStorage } from "./state-storage.ts";

/**
 * Gives a device that has no journal yet the image it leaves the factory with: slot a, committed. The
 * journal comes last, so an interrupted start simply begins again. Does nothing on any later start.
 */
export function installFactoryImage(
  storage: StateStorage,
  slots: SlotStorage,
  {
    image,
    version,
    component,
  }: { readonly image: Uint8Array; readonly version: string; readonly component?: string },
): void {
  if (storage.read() !== null) return;
  const digest = `sha256:${hash("sha256", image, "hex")}`;
  slots.clear("a");
  slots.prepare("a", { digest, version });
  slots.append("a", image);
  slots.seal("a");
  slots.switchTo("a");
  slots.commit("a");
  DeviceJournal.create(storage, { slot: "a", component: component ?? null, version, digest });
}
