import type { ResolvedComponent, ResolvedRelease } from "../bundle/resolved-release.ts";
import { factsOfReleases } from "../bundle/resolved-facts.ts";
import { admitDevice } from "../compat/device-gate.ts";
import { type ComponentVersion, createRelation, securityCounter } from "../compat/relation.ts";
import { chunkMetadata, type DdiDeployment } from "../ddi/wire.ts";
import { contextsMax } from "../fleet/fleet-backend.ts";
import type { DeviceState, UpdateTarget } from "./device-journal.ts";

/** What the server offers, before anything of it is believed. */
export interface Offer {
  readonly actionId: string;
  readonly component: string;
  readonly version: string;
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly href: string;
  readonly attestationHref: string;
  /** Where the releases are that say what versions in the field need; none: the one above says all. */
  readonly contextHrefs: readonly string[];
  readonly rollback: boolean;
  /** The server wants nothing done yet. */
  readonly postponed: boolean;
  /** The server wants the image kept ready, and nothing installed. */
  readonly stage: boolean;
}

export type Judgement =
  | { readonly kind: "accept"; readonly target: UpdateTarget }
  /** The image is installed already. */
  | { readonly kind: "installed" }
  /** The image waits in the spare slot already, brought by this very action. */
  | { readonly kind: "staged" }
  /** Not now: something else must change first. */
  | { readonly kind: "wait"; readonly reason: string }
  /** Never: the offer is wrong. */
  | { readonly kind: "refuse"; readonly reason: string };

/** The one image that a deployment offers, or why it is not one that a device can take. */
export function readOffer({ id, deployment }: DdiDeployment): Offer | { readonly refusal: string } {
  const [chunk, ...others] = deployment.chunks;
  const [artifact, ...more] = chunk?.artifacts ?? [];
  if (!chunk || !artifact || others.length > 0 || more.length > 0) {
    return { refusal: "the deployment must hold exactly one chunk with exactly one artifact" };
  }
  const metadata = new Map(chunk.metadata?.map(({ key, value }) => [key, value]));
  const attestationHref = metadata.get(chunkMetadata.attestation);
  const component = metadata.get(chunkMetadata.component);
  const link = artifact._links.download ?? artifact._links["download-http"];
  if (!attestationHref || !component) return { refusal: "the deployment names no signed release" };
  const contextHrefs = (metadata.get(chunkMetadata.context) ?? "").split(" ").filter((href) => href !== "");
  if (contextHrefs.length > contextsMax) {
    return {
      refusal: `the deployment names ${contextHrefs.length} releases as its context, at most ${contextsMax} are read`,
    };
  }
  return {
    actionId: id,
    component,
    version: chunk.version,
    digest: `sha256:${artifact.hashes.sha256}`,
    href: link.href,
    attestationHref,
    contextHrefs,
    rollback: metadata.get(chunkMetadata.rollback) === "true",
    postponed: deployment.download === "skip",
    stage: deployment.update === "skip",
  };
}

/**
 * Whether a device takes an offer. The device believes the signed release and its own records,
 * never the server: digest, hardware and `installs-over` must hold, and every app it has seen must
 * fit the new version. An image that is only staged meets no app: these are asked for when it is
 * to be installed.
 *
 * @param resolved the release that proves the image
 * @param context signed releases, for what they say of the versions that may meet: a release that is
 *   older than the app on a phone knows nothing of it. Where they differ the first counts; what
 *   the proof says holds as well
 */
export function judgeOffer(
  offer: Offer,
  resolved: ResolvedRelease,
  context: readonly ResolvedRelease[],
  device: {
    readonly hardware: string;
    readonly state: DeviceState;
    readonly apps: readonly ComponentVersion[];
  },
): Judgement {
  const { installed, committed, knownBad, staged } = device.state;
  const { actionId, component, version, digest } = offer;
  const name = `${component} ${version}`;
  const artifact = findVersion(resolved, component, version)?.artifacts.find((one) => one.digest === digest);
  if (!artifact) {
    return {
      kind: "refuse",
      reason: `${digest} is not an image of ${name} in the signed release ${resolved.version}`,
    };
  }
  if (artifact.hardware !== device.hardware) {
    return {
      kind: "refuse",
      reason: `the image is for ${artifact.hardware ?? "any hardware"}, this is ${device.hardware}`,
    };
  }
  if (installed?.digest === digest) return { kind: "installed" };
  const bad = knownBad.find((image) => image.digest === digest);
  if (bad) return { kind: "refuse", reason: `${name} failed on this device before: ${bad.reason}` };

  // A way back that this device cannot prove from its own records is judged like any other update.
  const rollback = offer.rollback && committed.some((image) => image.version === version);
  const live = liveSets([...device.apps, ...(installed ? [{ component, version: installed.version }] : [])]);
  const relation = createRelation(factsOfReleases(context, resolved), live);
  const { reasons } = admitDevice({
    device: {
      hardware: device.hardware,
      installed: installed?.version ?? null,
      pairedApps: device.apps,
      peers: [],
      busy: false,
      securityCounter: device.state.securityCounter ?? 0,
    },
    target: { component, version },
    relation,
    rollback,
  });
  // The image was found for this hardware above; a device that never ran anything has nothing to protect.
  const standing = reasons.filter(
    ({ code }) => code !== "hardware" && (code !== "version-unknown" || installed !== null),
  );
  const refusals = standing.filter(({ code }) => code !== "incompatible");
  if (refusals.length > 0) return { kind: "refuse", reason: sentence(refusals) };
  if (standing.length > 0 && !offer.stage) return { kind: "wait", reason: `waiting: ${sentence(standing)}` };
  if (offer.postponed) return { kind: "wait", reason: "waiting: the server postpones the update" };
  if (offer.stage && staged?.actionId === actionId && staged.digest === digest) return { kind: "staged" };
  const purpose = offer.stage ? "stage" : "install";
  const { sizeBytes } = artifact;
  const counter = securityCounter(relation, component, version);
  const counted = counter > 0 ? { securityCounter: counter } : {};
  return { kind: "accept", target: { actionId, purpose, component, version, digest, sizeBytes, ...counted } };
}

function findVersion(
  resolved: ResolvedRelease,
  component: string,
  version: string,
): ResolvedComponent | undefined {
  const released = resolved.components[component];
  return released?.version === version ? released : resolved.known[component]?.[version];
}

function sentence(reasons: readonly { readonly message: string }[]): string {
  return reasons.map(({ message }) => message).join("; ");
}

/** What this device has seen together lives together. */
function liveSets(versions: readonly ComponentVersion[]): Record<string, string[]> {
  const live: Record<string, string[]> = {};
  for (const { component, version } of versions) (live[component] ??= []).push(version);
  return live;
}
