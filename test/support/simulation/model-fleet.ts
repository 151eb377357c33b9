import type { Assignment, AssignResult, StagingFleet } from "../../../src/fleet/fleet-backend.ts";
import { lastWord } from "./model-device.ts";
import type { ModelWorld } from "./model-world.ts";

/** Carries out a call from outside, which may fail or kill the caller before it has worked, or after. */
export type Call = <T>(name: string, work: () => T) => Promise<T>;

export interface FleetOptions {
  readonly call: Call;
  /** How many of so many devices are assigned before the server dies; null: it does not. */
  readonly cut: (devices: number) => number | null;
  /** What is thrown when the server is away. */
  readonly away: () => Error;
}

/** The fleet of a model world. */
export function modelFleet(world: ModelWorld, { away, call, cut }: FleetOptions): StagingFleet {
  const artifacts = new Set<string>();
  const attestations = new Set<string>();
  const give = (assignment: Assignment, deviceIds: readonly string[], staged: boolean): AssignResult => {
    for (const { digest } of Object.values(assignment.variants)) {
      if (!artifacts.has(digest)) throw new Error(`artifact ${digest} was not uploaded`);
    }
    if (!attestations.has(assignment.attestationDigest)) throw new Error("the attestation is missing");
    const actions = world.actionsOf(assignment.id);
    const assigned: string[] = [];
    const refused: { deviceId: string; reason: string }[] = [];
    const until = cut(deviceIds.length);
    for (const [index, deviceId] of deviceIds.entries()) {
      if (index === until) throw away();
      if (!actions.has(deviceId)) {
        if (world.isBusy(deviceId)) {
          refused.push({ deviceId, reason: "it is busy" });
          continue;
        }
        world.give(assignment, deviceId, staged);
      }
      assigned.push(deviceId);
    }
    return { assigned, refused };
  };
  return {
    name: "model",
    listDevices: ({ after, limit }) =>
      call("listDevices", () => {
        const { next, page } = pageOf(world.ids(), after, limit);
        return { devices: page.map((id) => world.view(world.device(id))), next };
      }),
    ensureArtifact: ({ digest }) => call("ensureArtifact", () => void artifacts.add(digest)),
    ensureAttestation: ({ digest }) => call("ensureAttestation", () => void attestations.add(digest)),
    assign: (assignment, deviceIds) => call("assign", () => give(assignment, deviceIds, false)),
    stage: (assignment, deviceIds) => call("stage", () => give(assignment, deviceIds, true)),
    observe: (assignmentId, { after, limit }) =>
      call("observe", () => {
        const actions = world.actionsOf(assignmentId);
        const { next, page } = pageOf([...actions.keys()].toSorted(), after, limit);
        const outcomes = page.flatMap((id) => {
          const action = actions.get(id);
          return action ? [{ ...action, ...lastWord(world.device(id)) }] : [];
        });
        return { outcomes, next };
      }),
    cancel: (assignmentId, deviceIds) =>
      call("cancel", () => {
        const canceled: string[] = [];
        const requested: string[] = [];
        for (const action of world.actionsOf(assignmentId).values()) {
          if (action.closedAtMs !== null || deviceIds?.includes(action.deviceId) === false) continue;
          const answer = world.takeBack(action);
          (answer === "canceled" ? canceled : requested).push(action.deviceId);
        }
        if (canceled.length + requested.length > 0) world.did({ kind: "cancel", assignmentId });
        return { canceled, requested };
      }),
  };
}

function pageOf(
  ids: readonly string[],
  after: string | undefined,
  limit: number,
): { page: readonly string[]; next: string | null } {
  const rest = after === undefined ? ids : ids.filter((id) => id > after);
  return { page: rest.slice(0, limit), next: rest.length > limit ? (rest[limit - 1] ?? null) : null };
}
