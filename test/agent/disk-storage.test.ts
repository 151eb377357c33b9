import fc from "fast-check";
import { mkdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskSlotStorage, slotImagePath } from "../../src/agent/disk-slot-storage.ts";
import { DiskStateStorage } from "../../src/agent/disk-state-storage.ts";
import { MemorySlotStorage } from "../../src/agent/memory-slot-storage.ts";
import type { SlotStorage } from "../../src/agent/slot-storage.ts";
import { lockStateDirectory } from "../../src/agent/state-directory-lock.ts";
import { digestOf } from "../support/fan-images.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { thrownBy } from "../support/thrown-by.ts";

const slot = fc.constantFrom("a" as const, "b" as const);
const image = fc.constantFrom("one", "two", "three");
const step = fc.oneof(
  fc.record({ call: fc.constant("switchTo" as const), slot }),
  fc.record({ call: fc.constant("prepare" as const), slot, image }),
  fc.record({ call: fc.constant("append" as const), slot, image }),
  fc.record({ call: fc.constant("seal" as const), slot }),
  fc.record({ call: fc.constant("commit" as const), slot }),
  fc.record({ call: fc.constant("clear" as const), slot }),
);

test("slots on disk and in memory are the same thing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const dir = temporaryDirectory();
      const memory = new MemorySlotStorage();
      for (const one of steps) {
        // A new one each time: nothing may live in the object.
        const disk = new DiskSlotStorage(dir);
        expect(apply(disk, one), JSON.stringify(one)).toEqual(apply(memory, one));
        expect(describeSlots(disk)).toEqual(describeSlots(memory));
      }
    }),
    { numRuns: 60 },
  );
});

function apply(slots: SlotStorage, one: typeof step extends fc.Arbitrary<infer T> ? T : never): unknown {
  switch (one.call) {
    case "prepare":
      return slots.prepare(one.slot, { digest: digestOf(Buffer.from(one.image)), version: one.image });
    case "append":
      // Only what was prepared receives bytes.
      return slots.record(one.slot) && slots.append(one.slot, Buffer.from(one.image));
    case "seal":
      return slots.record(one.slot) && slots.seal(one.slot);
    case "switchTo":
    case "commit":
    case "clear":
      return slots[one.call](one.slot);
  }
}

function describeSlots(slots: DiskSlotStorage | MemorySlotStorage) {
  const of = (name: "a" | "b") => ({ record: slots.record(name), sizeBytes: slots.sizeBytes(name) });
  return { current: slots.current(), a: of("a"), b: of("b") };
}

test("an image is executable, and `current` is a relative link that a crash leaves whole", () => {
  const dir = temporaryDirectory();
  const slots = new DiskSlotStorage(dir);
  slots.prepare("b", { digest: "sha256:00", version: "1.0.0" });
  slots.append("b", Buffer.from("#!/bin/sh\n"));
  expect(statSync(slotImagePath(dir, "b")).mode & 0o111).not.toBe(0);
  // What a power cut in the middle of a switch leaves behind is in nobody's way.
  symlinkSync("a", join(dir, "current.tmp"));
  slots.switchTo("b");
  expect(readlinkSync(join(dir, "current"))).toBe("b");
});

test("a slot record that is not one counts as none", () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "a"));
  writeFileSync(join(dir, "a", "slot.json"), "{half");
  expect(new DiskSlotStorage(dir).record("a")).toBeNull();
});

test("the journal is there after it was written, and not before", () => {
  const storage = new DiskStateStorage(join(temporaryDirectory(), "deep", "state.json"));
  expect(storage.read()).toBeNull();
  storage.write("one");
  storage.write("two");
  expect(storage.read()).toBe("two");
});

test("a second agent is kept out of the directory until the first is gone", async () => {
  const dir = join(temporaryDirectory(), "device");
  const lock = lockStateDirectory(dir);
  const error = await thrownBy(() => lockStateDirectory(dir));
  expect(error).toMatchObject({ code: "IOT_AGENT_DIR_IN_USE", exit: 6 });
  expect(error.message).toContain(dir);
  lock.release();
  lockStateDirectory(dir).release();
});
