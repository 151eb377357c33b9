import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { randomInteger, seededRandom } from "../../src/base/random.ts";
import { deviceAttribute } from "../../src/ddi/wire.ts";
import { EmbeddedFleet } from "../../src/fleet/embedded/embedded-fleet.ts";
import { DdiDevice, imageHref } from "../support/ddi-device.ts";
import { fleetProcess } from "../support/fleet-process.ts";
import { artifactOf, firmware } from "../support/started-fleet.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** What a client was told had happened: whatever else is lost, this may not be. */
interface Acknowledged {
  readonly tokens: Map<string, string>;
  readonly labels: Map<string, string>;
  readonly versions: Map<string, string>;
  readonly assigned: Map<string, string>;
  readonly closed: Map<string, string>;
  readonly artifacts: Set<string>;
}

const kills = 5;
const clients = 6;

it("loses nothing that it acknowledged when it is killed under load, again and again", async () => {
  const dir = temporaryDirectory();
  const random = seededRandom(7);
  const acknowledged: Acknowledged = {
    tokens: new Map(),
    labels: new Map(),
    versions: new Map(),
    assigned: new Map(),
    closed: new Map(),
    artifacts: new Set(),
  };
  let turns = 0;
  for (let round = 0; round < kills; round += 1) {
    const server = await fleetProcess(dir);
    const token = readFileSync(join(dir, "control-token"), "utf8").trim();
    const fleet = new EmbeddedFleet({ url: server.url, token });
    await checkEverything(fleet, server.url, acknowledged);
    const load = Array.from({ length: clients }, async (_, client) => {
      for (let n = 0; ; n += 1) {
        await oneTurn(fleet, server.url, `d-${round}-${client}-${n}`, acknowledged);
        turns += 1;
      }
    });
    const ended = Promise.allSettled(load);
    await new Promise((resolve) => setTimeout(resolve, randomInteger(random, 60, 300)));
    await server.kill();
    await ended;
  }
  const server = await fleetProcess(dir);
  const token = readFileSync(join(dir, "control-token"), "utf8").trim();
  await checkEverything(new EmbeddedFleet({ url: server.url, token }), server.url, acknowledged);
  expect(turns).toBeGreaterThan(kills);
  expect(acknowledged.closed.size).toBeGreaterThan(kills);
}, 120_000);

/** The life of one device; each step is noted once it is acknowledged, and the first that fails ends it. */
async function oneTurn(
  fleet: EmbeddedFleet,
  url: string,
  id: string,
  acknowledged: Acknowledged,
): Promise<void> {
  const [registered] = await fleet.registerDevices([{ id, hardware: "fan-a1" }]);
  if (!registered) throw new Error(`${id} was not registered`);
  acknowledged.tokens.set(id, registered.token);
  await fleet.setLabels(id, { ring: id });
  acknowledged.labels.set(id, id);
  const image = artifactOf(Buffer.from(`image for ${id}`));
  const { assignment, attestation } = firmware("2.0.0", Buffer.from(`image for ${id}`));
  await fleet.ensureArtifact(image);
  acknowledged.artifacts.add(image.digest);
  await fleet.ensureAttestation(attestation);
  const { assigned } = await fleet.assign({ ...assignment, id: `a:${id}` }, [id]);
  if (!assigned.includes(id)) throw new Error(`${id} was not assigned`);
  acknowledged.assigned.set(id, `a:${id}`);
  const device = new DdiDevice(url, id, registered.token);
  const { status } = await device.attributes({ [deviceAttribute.version]: `1.0.${id}` });
  if (status !== 200) throw new Error(`the report was answered ${status}`);
  acknowledged.versions.set(id, `1.0.${id}`);
  const { id: action } = await device.deployment();
  const closed = await device.feedback("deploymentBase", action, "closed", "success", [`done ${id}`]);
  if (closed.status !== 200) throw new Error(`the feedback was answered ${closed.status}`);
  acknowledged.closed.set(id, `done ${id}`);
}

async function checkEverything(fleet: EmbeddedFleet, url: string, acknowledged: Acknowledged): Promise<void> {
  for (const [id, token] of acknowledged.tokens) {
    const device = new DdiDevice(url, id, token);
    expect((await device.send(device.root)).status).toBe(200);
    const shown = await fleet.getDevice(id);
    const label = acknowledged.labels.get(id);
    if (label) expect(shown.labels).toEqual({ ring: label });
    const version = acknowledged.versions.get(id);
    if (version) expect(shown.reportedVersion).toBe(version);
    const assignmentId = acknowledged.assigned.get(id);
    if (!assignmentId) continue;
    const [outcome] = (await fleet.observe(assignmentId, { limit: 1 })).outcomes;
    expect(outcome?.deviceId).toBe(id);
    const message = acknowledged.closed.get(id);
    if (message) expect(outcome).toMatchObject({ state: "succeeded", message });
    else if (outcome?.closedAtMs === null) {
      const image = await device.send(imageHref(await device.deployment()));
      expect(image.text).toBe(`image for ${id}`);
    }
  }
}
