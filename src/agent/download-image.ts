import { IotctlError, messageOf } from "../base/errors.ts";
import type { DdiClient } from "./ddi-client.ts";
import { isServerError } from "./server-errors.ts";
import type { Slot, SlotStorage } from "./slot-storage.ts";

interface DownloadRequest {
  readonly ddi: DdiClient;
  readonly slots: SlotStorage;
  readonly slot: Slot;
  readonly image: { readonly digest: string; readonly version: string; readonly sizeBytes: number };
  readonly href: string;
  readonly now: () => number;
  /** On the scale of `now`: after this the download pauses, so that the device polls and can be told to stop. */
  readonly pauseAtMs: number;
}

export type DownloadResult =
  | { readonly kind: "whole" }
  | { readonly kind: "paused" }
  /** `gained`: the slot holds more bytes than before, so it was worth the attempt. */
  | { readonly kind: "failed"; readonly reason: string; readonly gained: boolean };

/**
 * One attempt to bring what is missing of an image into a slot, from the first missing byte on. What
 * arrived stays when it fails. Never takes more bytes than the signed release promises.
 */
export async function downloadImage(request: DownloadRequest): Promise<DownloadResult> {
  const { ddi, slots, slot, image, href, now, pauseAtMs } = request;
  let have = 0;
  let had = 0;
  try {
    have = slots.prepare(slot, image);
    if (have > image.sizeBytes) {
      slots.clear(slot);
      have = slots.prepare(slot, image);
    }
    if (have === image.sizeBytes) return { kind: "whole" };
    had = have;
    const { fromByte, body } = await ddi.download(href, have);
    if (fromByte !== have) {
      // The server knows no ranges: it starts over, and so must the slot.
      if (fromByte !== 0) return failed(`asked for byte ${have}, got byte ${fromByte}`);
      slots.clear(slot);
      have = slots.prepare(slot, image);
    }
    for await (const bytes of body) {
      have += bytes.length;
      if (have > image.sizeBytes) {
        slots.clear(slot);
        return failed(`more than the ${image.sizeBytes} bytes that were signed`);
      }
      slots.append(slot, bytes);
      if (have < image.sizeBytes && now() >= pauseAtMs) return { kind: "paused" };
    }
  } catch (error) {
    const diskFull = error instanceof IotctlError && error.code === "IOT_DISK_FULL";
    // Anything else is the storage's own and ends the turn.
    if (!diskFull && !isServerError(error)) throw error;
    // The journal lies on the same disk and must find room to say that the download failed.
    if (diskFull) slots.clear(slot);
    return failed(messageOf(error), !diskFull && have > had);
  }
  return have === image.sizeBytes
    ? { kind: "whole" }
    : failed(`the answer ended at byte ${have} of ${image.sizeBytes}`, have > had);
}

function failed(reason: string, gained = false): DownloadResult {
  return { kind: "failed", reason, gained };
}
