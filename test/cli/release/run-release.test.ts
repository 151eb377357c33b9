import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { runRelease } from "../../../src/cli/release/run-release.ts";
import { deviceOn, planningContext } from "../../support/planning-context.ts";
import { repositoryRoot } from "../../support/repository.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("a fleet that cannot stage is told before anything is sealed or signed", async () => {
  const dir = temporaryDirectory();
  const field = { devices: [deviceOn("1.3.0", "lamp-a")], installed: { app: { "1.4.0": 10 } } };
  const steps: string[] = [];
  const release = runRelease({
    file: join(repositoryRoot, "examples/lockstep/release.yaml"),
    env: {},
    bundleDir: join(dir, "bundle"),
    context: await planningContext(dir, field),
    clock: new VirtualClock(),
    signal: new AbortController().signal,
    intervalMs: 1000,
    timeoutMs: null,
    waitForPeople: false,
    detach: false,
    again: false,
    progress: {
      async step(title, work) {
        steps.push(title);
        return (await work(() => {})).value;
      },
    },
    onView: () => {},
  });
  await expect(release).rejects.toMatchObject({ code: "IOT_FLEET_CANNOT_STAGE", exit: 3 });
  expect(steps).toEqual(["Check", "Plan"]);
  expect([existsSync(join(dir, "bundle")), existsSync(join(dir, ".iotctl"))]).toEqual([false, false]);
});
