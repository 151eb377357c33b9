import { createHash } from "node:crypto";
import { onTestFinished } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { EmbeddedFleet } from "../../src/fleet/embedded/embedded-fleet.ts";
import type { Assignment, FleetArtifact } from "../../src/fleet/fleet-backend.ts";
import {
  type FleetServer,
  type FleetServerOptions,
  startFleetServer,
} from "../../src/server/fleet-server.ts";
import { DdiDevice } from "./ddi-device.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export interface StartedFleet {
  readonly dir: string;
  readonly server: FleetServer;
  readonly fleet: EmbeddedFleet;
  readonly addDevice: (id: string, hardware?: string, labels?: Record<string, string>) => Promise<DdiDevice>;
  /** Uploads the image and a stand-in for the signed release, and assigns them. */
  readonly give: (
    version: string,
    deviceIds: readonly string[],
    more?: Partial<Assignment>,
  ) => Promise<Assignment>;
}

/** A fleet server of its own for one test. */
export async function startedFleet(options: Partial<FleetServerOptions> = {}): Promise<StartedFleet> {
  const dir = options.dir ?? temporaryDirectory();
  const server = await startFleetServer({ dir, pollIntervalMs: 2000, clock: systemClock, ...options });
  onTestFinished(() => server.close());
  const fleet = new EmbeddedFleet({ url: server.url, token: server.controlToken });
  return {
    dir,
    server,
    fleet,
    async addDevice(id, hardware = "fan-a1", labels = {}) {
      const [registered] = await fleet.registerDevices([{ id, hardware, labels }]);
      return new DdiDevice(server.url, id, registered?.token ?? "");
    },
    async give(version, deviceIds, more = {}) {
      const { assignment, image, attestation } = firmware(version);
      await fleet.ensureArtifact(image);
      await fleet.ensureAttestation(attestation);
      const whole = { ...assignment, ...more };
      await fleet.assign(whole, deviceIds);
      return whole;
    },
  };
}

/** A firmware version whose image for the models a1 and b2 is its own name. */
export function firmware(version: string, bytes: Uint8Array = Buffer.from(`image of fan ${version}\n`)) {
  const image = artifactOf(bytes);
  const release = Buffer.from(JSON.stringify({ release: version }));
  const { digest, sizeBytes } = image;
  const assignment: Assignment = {
    id: `rollout-1:${version}`,
    component: "fan",
    version,
    variants: {
      "fan-a1": { digest, sizeBytes, filename: "fan a1.bin" },
      "fan-b2": { digest, sizeBytes, filename: "fan-b2.bin" },
    },
    attestationDigest: digestOf(release),
    rollback: false,
  };
  return { assignment, image, attestation: { digest: digestOf(release), bytes: release } };
}

export function artifactOf(bytes: Uint8Array, filename = "fan.bin"): FleetArtifact {
  return {
    digest: digestOf(bytes),
    sizeBytes: bytes.length,
    filename,
    open: async function* () {
      yield bytes;
    },
  };
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
