import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { openContext } from "../../src/cli/context.ts";
import { type DemoWorld, startDemoWorld } from "../../src/cli/demo/demo-world.ts";
import { prepareWorkspace } from "../../src/cli/demo/prepare-workspace.ts";
import { repositoryRoot } from "./repository.ts";

export interface CeilingFanWorld {
  /** The workspace: commands run in it find the fleet server and the storefront. */
  readonly dir: string;
  readonly world: DemoWorld;
  stop(): Promise<void>;
}

/** The ceiling fan example with its fleet and its users, running; nothing has been released yet. */
export async function startCeilingFanWorld(deviceCount: number): Promise<CeilingFanWorld> {
  const dir = join(mkdtempSync(join(tmpdir(), "iotctl-fan-")), "fan");
  prepareWorkspace(join(repositoryRoot, "examples", "ceiling-fan"), dir, null);
  const context = await openContext({ envName: "local", cwd: dir, env: {} });
  const entry = join(repositoryRoot, "bin", "dev.js");
  const world = await startDemoWorld({ dir, deviceCount, context, clock: systemClock, log: () => {}, entry });
  return {
    dir,
    world,
    async stop() {
      await world.stop();
      rmSync(join(dir, ".."), { recursive: true, force: true });
    },
  };
}
