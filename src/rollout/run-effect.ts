import type { ComponentVersion } from "../compat/relation.ts";
import { stagingFleet } from "./assert-can-stage.ts";
import type { Effect } from "./engine/effects.ts";
import type { RolloutEvent } from "./engine/events.ts";
import { contextOf, relationOf, versionIn } from "./engine/known-versions.ts";
import type { Hop, RolloutConfig, RolloutState } from "./engine/state.ts";
import type { TurnHold } from "./journal/journal.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

/** A signed statement is kept in memory whole; nobody's is larger than this. */
const attestationBytesMax = 16 * 1024 * 1024;
/** Assignments go out in pieces that a backend takes at once. */
const devicesPerCall = 1000;

/**
 * Does in the world what was decided. Every effect may be repeated after a crash. One of several calls
 * throws IOT_ROLLOUT_LOCKED between them when the turn was lost.
 */
export async function runEffect(
  effect: Effect,
  state: RolloutState,
  ports: RolloutPorts,
  hold: TurnHold,
): Promise<RolloutEvent & { type: "effect-done" }> {
  const { config } = state;
  const done = { type: "effect-done", key: effect.key } as const;
  switch (effect.kind) {
    case "deploy-service":
      await ports.services.deploy(
        effect.component,
        effect.version,
        config.services[effect.component] ?? { cwd: "." },
      );
      return done;
    case "publish-app":
      await publish(effect, config, ports);
      return done;
    case "expose-app":
      await ports.storefront.expose(effect.component, effect.version, effect.percent);
      return done;
    case "halt-app":
      await ports.storefront.halt(effect.component, effect.version);
      return done;
    case "cancel":
      await ports.fleet.cancel(effect.assignmentId, effect.deviceIds);
      return done;
    case "plan-way-back": {
      const { planWayBack } = await import("./engine/plan-way-back.ts");
      return { ...done, wayBack: planWayBack(state, relationOf(config)) };
    }
    case "assign":
      return { ...done, refused: await assign(effect, config, ports, hold) };
  }
}

async function publish(
  { component, version }: ComponentVersion,
  config: RolloutConfig,
  { storefront }: RolloutPorts,
): Promise<void> {
  const { resolved } = known(config, component, version);
  const [artifact] = resolved.artifacts;
  if (!artifact) throw new Error(`${component}@${version} has no package`);
  await storefront.publish({
    component,
    platform: resolved.platform ?? "android",
    appId: resolved.appId ?? component,
    version,
    digest: artifact.digest,
  });
}

async function assign(
  effect: Effect & { kind: "assign" },
  config: RolloutConfig,
  { fleet, store }: RolloutPorts,
  hold: TurnHold,
): Promise<{ deviceId: string; reason: string }[]> {
  const { attestationDigest, resolved } = known(config, effect.component, effect.version);
  const { artifacts } = resolved;
  for (const artifact of artifacts) {
    await fleet.ensureArtifact({ ...artifact, open: () => store.openBlob(artifact.digest) });
  }
  const contextDigests = contextOf(config, attestationDigest);
  for (const digest of new Set([attestationDigest, ...contextDigests])) {
    await fleet.ensureAttestation({ digest, bytes: await readAll(store.openBlob(digest)) });
  }
  const assignment = {
    id: effect.assignmentId,
    component: effect.component,
    version: effect.version,
    variants: Object.fromEntries(artifacts.map((artifact) => [artifact.hardware ?? "", artifact])),
    attestationDigest,
    ...(contextDigests.length > 0 && { contextDigests }),
    rollback: effect.rollback,
  };
  const refused: { deviceId: string; reason: string }[] = [];
  for (let start = 0; start < effect.deviceIds.length; start += devicesPerCall) {
    const deviceIds = effect.deviceIds.slice(start, start + devicesPerCall);
    hold.assertHeld();
    const result = effect.staged
      ? await stagingFleet(fleet, effect).stage(assignment, deviceIds)
      : await fleet.assign(assignment, deviceIds);
    refused.push(...result.refused);
  }
  return refused;
}

/** One version of a component, with the statement that proves it. */
function known(config: RolloutConfig, component: string, version: string): Hop {
  const found = versionIn(config, component, version);
  if (!found) throw new Error(`${component}@${version} is not in the release`);
  return found;
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > attestationBytesMax)
      throw new Error(`the signed statement is larger than ${attestationBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
