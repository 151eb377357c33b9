import { hash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Slot, SlotRecord } from "../agent/slot-storage.ts";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { isSystemError } from "../base/errors.ts";
import type { ImagePool } from "./image-pool.ts";
import type { KeptDevice } from "./virtual-device.ts";

interface FileContent {
  readonly schemaVersion: 1;
  readonly devices: Readonly<Record<string, KeptOnDisk>>;
}

type KeptOnDisk = Omit<KeptDevice, "slots"> & {
  readonly current: Slot | null;
  readonly records: Readonly<Record<Slot, SlotRecord | null>>;
};

/** Keeps a virtual fleet in a directory: `devices.json`, and each image once under `images/`. */
export class FleetFile {
  readonly #dir: string;
  readonly #pool: ImagePool;

  constructor(dir: string, pool: ImagePool) {
    this.#dir = dir;
    this.#pool = pool;
  }

  /** What was kept, by device id; nothing when the file is missing or not one of ours. */
  load(): ReadonlyMap<string, KeptDevice> {
    try {
      const content = JSON.parse(readFileSync(join(this.#dir, "devices.json"), "utf8")) as FileContent;
      if (content.schemaVersion !== 1) return new Map();
      return new Map(Object.entries(content.devices).map(([id, kept]) => [id, this.#read(kept)]));
    } catch (error) {
      if (error instanceof SyntaxError || isSystemError(error, "ENOENT")) return new Map();
      throw error;
    }
  }

  save(devices: Iterable<readonly [string, KeptDevice]>): void {
    const content: FileContent = {
      schemaVersion: 1,
      devices: Object.fromEntries([...devices].map(([id, kept]) => [id, this.#write(kept)])),
    };
    writeFileAtomic(join(this.#dir, "devices.json"), JSON.stringify(content));
  }

  #read({ current, records, ...kept }: KeptOnDisk): KeptDevice {
    const slot = (name: Slot) => {
      const record = records[name];
      const image = record && this.#image(record.digest);
      return image ? { record, image } : { record: null, image: new Uint8Array() };
    };
    return { ...kept, slots: { current, slots: { a: slot("a"), b: slot("b") } } };
  }

  #write({ slots: { current, slots }, ...kept }: KeptDevice): KeptOnDisk {
    const record = (name: Slot): SlotRecord | null => {
      const saved = slots[name];
      // Half an image is not kept: the device loads it again.
      if (!saved.record || this.#pool.get(saved.record.digest) !== saved.image) return null;
      const path = this.#imagePath(saved.record.digest);
      if (!existsSync(path)) writeFileAtomic(path, saved.image);
      return saved.record;
    };
    return { ...kept, current, records: { a: record("a"), b: record("b") } };
  }

  #image(digest: string): Uint8Array | null {
    const pooled = this.#pool.get(digest);
    const path = this.#imagePath(digest);
    if (pooled || !existsSync(path)) return pooled;
    const image = readFileSync(path);
    if (`sha256:${hash("sha256", image)}` === digest) return this.#pool.share(digest, image);
    // A damaged image is no image: the device loads it again, and it is kept again.
    rmSync(path);
    return null;
  }

  #imagePath(digest: string): string {
    return join(this.#dir, "images", digest.slice("sha256:".length));
  }
}
