import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IotctlError } from "../../base/errors.ts";

/** What is wrong with the release that the demo makes; null when nothing is. */
export type Fault = "bad-firmware";

/** Says that a directory is a demo's, and may be thrown away by the next one. */
const marker = ".iotctl-demo";

/**
 * A fresh copy of the ceiling fan example in `dir`, with the fault built in. A directory that is not
 * a demo's is left alone: IOT_DEMO_DIR_TAKEN.
 */
export function prepareWorkspace(exampleDir: string, dir: string, fault: Fault | null): void {
  if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(join(dir, marker))) {
    throw new IotctlError(
      "IOT_DEMO_DIR_TAKEN",
      `${dir} holds something that is not a demo's, so it is left alone.`,
      {
        hints: ["Take another directory: iotctl demo --dir <directory>"],
      },
    );
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, marker), "This directory belongs to iotctl demo, which replaces it whole.\n");
  cpSync(exampleDir, dir, { recursive: true, filter: (source) => !source.endsWith(".iotctl") });
  if (fault === "bad-firmware") {
    const faulty = join(dir, "firmware", "faulty");
    for (const image of readdirSync(faulty))
      copyFileSync(join(faulty, image), join(dir, "firmware", "images", image));
  }
}
