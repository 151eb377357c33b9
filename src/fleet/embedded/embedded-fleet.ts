import { type Clock, systemClock } from "../../base/clock.ts";
import type {
  DeviceDetail,
  DeviceEvent,
  LabelChanges,
  NewDevice,
  RegisteredDevice,
} from "../../server/control/control-api.ts";
import { ControlClient, type ControlRequest } from "../../server/control-client/control-client.ts";
import { readAnswer } from "../../server/control-client/read-answer.ts";
import type {
  Assignment,
  AssignResult,
  CancelResult,
  Device,
  DeviceOutcome,
  DevicePage,
  FleetArtifact,
  FleetAttestation,
  StagingFleet,
} from "../fleet-backend.ts";

export interface EmbeddedFleetOptions {
  /** Of the server, such as `http://127.0.0.1:8480`. */
  readonly url: string;
  /** The control token. */
  readonly token: string;
  readonly clock?: Clock;
  /** A request on which nothing moves for so long is given up. Default 30 s. */
  readonly timeoutMs?: number;
}

/** Devices per request; longer lists are sent in parts. */
const batchSize = 500;

/**
 * The fleet behind an embedded fleet server, by its control API. Every method may throw
 * IOT_FLEET_UNREACHABLE, IOT_FLEET_UNAUTHORIZED, or IOT_FLEET_REFUSED with the server's reason.
 */
export class EmbeddedFleet implements StagingFleet {
  readonly name = "embedded";
  readonly #client: ControlClient;

  constructor({ url, token, clock = systemClock, timeoutMs = 30_000 }: EmbeddedFleetOptions) {
    this.#client = new ControlClient({ url, token, clock, timeoutMs });
  }

  listDevices(page: { readonly after?: string; readonly limit: number }): Promise<DevicePage> {
    return this.#json({ method: "GET", path: `/devices?${pageQuery(page)}` });
  }

  async ensureArtifact({ digest, sizeBytes, open }: FleetArtifact): Promise<void> {
    const path = `/artifacts/${digest}`;
    const { status } = await this.#client.send({ method: "HEAD", path });
    if (status !== 200) await this.#json({ method: "PUT", path, upload: { sizeBytes, open } });
  }

  async ensureAttestation({ digest, bytes }: FleetAttestation): Promise<void> {
    await this.#json({
      method: "PUT",
      path: `/attestations/${digest}`,
      upload: {
        sizeBytes: bytes.length,
        open: async function* () {
          yield bytes;
        },
      },
    });
  }

  assign(assignment: Assignment, deviceIds: readonly string[]): Promise<AssignResult> {
    return this.#give(`/assignments/${encodeURIComponent(assignment.id)}`, assignment, deviceIds);
  }

  stage(assignment: Assignment, deviceIds: readonly string[]): Promise<AssignResult> {
    return this.#give(`/assignments/${encodeURIComponent(assignment.id)}/staged`, assignment, deviceIds);
  }

  observe(
    assignmentId: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly outcomes: readonly DeviceOutcome[]; readonly next: string | null }> {
    const path = `/assignments/${encodeURIComponent(assignmentId)}/outcomes?${pageQuery(page)}`;
    return this.#json({ method: "GET", path });
  }

  async cancel(assignmentId: string, deviceIds?: readonly string[]): Promise<CancelResult> {
    const path = `/assignments/${encodeURIComponent(assignmentId)}/cancel`;
    if (!deviceIds) return this.#json({ method: "POST", path, json: {} });
    const results: CancelResult[] = [];
    for (const batch of batches(deviceIds)) {
      results.push(await this.#json({ method: "POST", path, json: { deviceIds: batch } }));
    }
    return {
      canceled: results.flatMap((result) => result.canceled),
      requested: results.flatMap((result) => result.requested),
    };
  }

  /** Makes devices known and returns the token of each, which cannot be asked for again. */
  async registerDevices(devices: readonly NewDevice[]): Promise<readonly RegisteredDevice[]> {
    const registered: RegisteredDevice[] = [];
    for (const batch of batches(devices)) {
      const answer: { readonly devices: readonly RegisteredDevice[] } = await this.#json({
        method: "POST",
        path: "/devices",
        json: { devices: batch },
        repeatable: false,
      });
      registered.push(...answer.devices);
    }
    return registered;
  }

  /** Throws IOT_FLEET_DEVICE_UNKNOWN, as the next two do. */
  async getDevice(id: string): Promise<Device> {
    return (await this.#detail({ method: "GET", path: devicePath(id) })).device;
  }

  /** Sets labels, null removing one. */
  async setLabels(id: string, labels: LabelChanges): Promise<Device> {
    return (await this.#detail({ method: "PATCH", path: devicePath(id), json: { labels } })).device;
  }

  /** What happened to the device, oldest first, the latest 200 events. */
  async history(id: string): Promise<readonly DeviceEvent[]> {
    return (await this.#detail({ method: "GET", path: devicePath(id) })).history;
  }

  async #give(path: string, assignment: Assignment, deviceIds: readonly string[]): Promise<AssignResult> {
    const { id: _id, ...content } = assignment;
    const results: AssignResult[] = [];
    for (const batch of batches(deviceIds)) {
      results.push(await this.#json({ method: "PUT", path, json: { ...content, deviceIds: batch } }));
    }
    return {
      assigned: results.flatMap((result) => result.assigned),
      refused: results.flatMap((result) => result.refused),
    };
  }

  #detail(request: ControlRequest): Promise<DeviceDetail> {
    return this.#json(request);
  }

  async #json<T>(request: ControlRequest): Promise<T> {
    return readAnswer(await this.#client.send(request)) as T;
  }
}

function pageQuery({ after, limit }: { readonly after?: string; readonly limit: number }): string {
  return new URLSearchParams({ limit: String(limit), ...(after !== undefined && { after }) }).toString();
}

function devicePath(id: string): string {
  return `/devices/${encodeURIComponent(id)}`;
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += batchSize) yield items.slice(from, from + batchSize);
}
