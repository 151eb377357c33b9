import { join } from "node:path";
import { pushBundle } from "../../src/bundle/push-bundle.ts";
import { signBundle } from "../../src/bundle/sign-bundle.ts";
import { bundleRelease } from "../../src/bundle/write-bundle.ts";
import { type Context, openContext } from "../../src/cli/context.ts";
import type { Device, FleetBackend } from "../../src/fleet/fleet-backend.ts";
import type { Release } from "../../src/manifest/release.ts";
import type { Storefront } from "../../src/storefronts/storefront.ts";
import { writeFanArtifacts } from "./fan-release.ts";

/** A field that a test can change at will. */
export interface TestField {
  devices: Device[];
  /** Component to version to users. */
  installed: Record<string, Record<string, number>>;
}

/** The local environment in a directory, real but for a fleet and a storefront that show the test's field. */
export async function planningContext(dir: string, field: TestField): Promise<Context> {
  const context = await openContext({ envName: "local", cwd: dir, env: {} });
  const fleet: Pick<FleetBackend, "listDevices"> = {
    listDevices: async () => ({ devices: field.devices, next: null }),
  };
  const storefront: Pick<Storefront, "status"> = {
    status: async (app) => ({
      releases: [],
      installed: Object.entries(field.installed[app] ?? {}).map(([version, users]) => ({ version, users })),
    }),
  };
  const shown = { fleet: async () => fleet, storefront: async () => storefront };
  return { ...context, ...shown } as Context;
}

/** A context that fails the test when it asks anything but the storage. */
export async function offlineContext(dir: string): Promise<Context> {
  const asked = async () => {
    throw new Error("was asked");
  };
  const context = await openContext({ envName: "local", cwd: dir, env: {} });
  return { ...context, fleet: asked, storefront: asked, journals: asked };
}

/** Publishes a release whose artifacts are those of `fanRelease`, signed by the developer key of the environment. */
export async function publishIn(dir: string, context: Context, release: Release): Promise<void> {
  writeFanArtifacts(dir);
  const bundle = await bundleRelease({ release, releaseDir: dir, dir: join(dir, "published") });
  await signBundle({ dir: bundle.dir, signer: await context.signer() });
  const [store, trustedKeys] = [await context.store(), await context.trustedKeys()];
  await pushBundle({ bundleDir: bundle.dir, store, trustedKeys });
}

export function deviceOn(version: string, hardware = "fan-a1", id = `${hardware}-${version}`): Device {
  return {
    id,
    hardware,
    labels: {},
    reportedVersion: version,
    pairedApps: [],
    lastContactAtMs: 0,
    activeAssignmentId: null,
  };
}
