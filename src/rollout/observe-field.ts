import type { Device, DeviceOutcome, FleetBackend } from "../fleet/fleet-backend.ts";
import type { Storefront } from "../storefronts/storefront.ts";
import type { Snapshot } from "./engine/snapshot.ts";

const pageSize = 1000;
/** A backend whose paging never ends must not hold a rollout for ever. */
const pagesMax = 10_000;

/** Every device of a fleet, page by page. */
export async function listAllDevices(fleet: FleetBackend): Promise<Device[]> {
  const devices: Device[] = [];
  let after: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const found = await fleet.listDevices({ limit: pageSize, ...(after === undefined ? {} : { after }) });
    // Not spread into one call: how many a backend gives at once is its own to say.
    for (const device of found.devices) devices.push(device);
    if (found.next === null) break;
    after = found.next;
  }
  return devices;
}

/** Looks at devices, assignments and stores once. */
export async function observeField(
  ports: { readonly fleet: FleetBackend; readonly storefront: Storefront },
  assignmentIds: readonly string[],
  apps: readonly string[],
): Promise<Snapshot> {
  const outcomes: Record<string, readonly DeviceOutcome[]> = {};
  for (const assignmentId of assignmentIds)
    outcomes[assignmentId] = await listOutcomes(ports.fleet, assignmentId);
  const installed: Record<string, Record<string, number> | null> = {};
  for (const app of apps) {
    const status = await ports.storefront.status(app);
    installed[app] =
      status.installed && Object.fromEntries(status.installed.map(({ version, users }) => [version, users]));
  }
  // Devices last: what an outcome says must not be newer than what the device reports.
  return { devices: await listAllDevices(ports.fleet), outcomes, installed };
}

async function listOutcomes(fleet: FleetBackend, assignmentId: string): Promise<DeviceOutcome[]> {
  const outcomes: DeviceOutcome[] = [];
  let after: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const found = await fleet.observe(assignmentId, {
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    });
    for (const outcome of found.outcomes) outcomes.push(outcome);
    if (found.next === null) break;
    after = found.next;
  }
  return outcomes;
}
