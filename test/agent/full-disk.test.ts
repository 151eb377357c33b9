// A disk that fills up while an image comes in, and one that is full from the start.
import { expect, test } from "vitest";
import type { SlotStorage } from "../../src/agent/slot-storage.ts";
import type { StateStorage } from "../../src/agent/state-storage.ts";
import { IotctlError } from "../../src/base/errors.ts";
import { type DeviceBench, deviceBench } from "./device-bench.ts";

/** The flash on a disk with room for `freeBytes` more; the journal needs room for each write of its own. */
function smallDisk({ slots, state }: DeviceBench["flash"], disk: { freeBytes: number }) {
  const journalBytes = 500;
  const take = (sizeBytes: number): void => {
    if (sizeBytes > disk.freeBytes) {
      disk.freeBytes = 0;
      throw new IotctlError("IOT_DISK_FULL", "No room left on the disk that holds the device.");
    }
  };
  let imageBytes = 0;
  const smallSlots: SlotStorage = {
    current: () => slots.current(),
    record: (slot) => slots.record(slot),
    switchTo: (slot) => slots.switchTo(slot),
    prepare: (slot, image) => slots.prepare(slot, image),
    append: (slot, bytes) => {
      imageBytes += Math.min(bytes.length, disk.freeBytes);
      take(bytes.length);
      disk.freeBytes -= bytes.length;
      slots.append(slot, bytes);
    },
    seal: (slot) => slots.seal(slot),
    commit: (slot) => slots.commit(slot),
    clear: (slot) => {
      disk.freeBytes += imageBytes;
      imageBytes = 0;
      slots.clear(slot);
    },
  };
  const smallState: StateStorage = {
    read: () => state.read(),
    write: (text) => {
      take(journalBytes);
      state.write(text);
    },
  };
  return { slots: smallSlots, state: smallState };
}

test("a download that fills the disk gives the room back, fails in the end, and the firmware goes on", async () => {
  const { server, boot, flash, release } = await deviceBench();
  const offer = await release();
  const action = server.offer(offer);
  const agent = boot(smallDisk(flash, { freeBytes: offer.image.length - 1 }));
  for (let turns = 0; turns < 30 && !action.closed; turns++) await agent.turn();
  expect(action.closed).toBe("failure");
  expect(server.lastFeedback(action)?.details?.[0]).toContain("No room left on the disk");
  expect(await agent.running()).toMatchObject({ version: "1.9.4", answering: true });
  expect(flash.slots.record("b")).toBeNull();
});

test("an agent that starts on a full disk in the middle of a download starts the firmware all the same", async () => {
  const { server, boot, flash, release } = await deviceBench();
  const action = server.offer(await release());
  server.fault = (request) => (request.startsWith("GET /images") ? "refuse" : "none");
  await boot().turn();
  server.fault = () => "none";
  const disk = { freeBytes: 0 };
  const agent = boot(smallDisk(flash, disk));
  await expect(agent.turn()).rejects.toMatchObject({ code: "IOT_DISK_FULL" });
  expect(await agent.running()).toMatchObject({ version: "1.9.4", answering: true });
  disk.freeBytes = 1e6;
  await agent.turn();
  expect(action.closed).toBe("success");
});
