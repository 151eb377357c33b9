/**
 * Eclipse hawkBit DDI v1 as it is on the wire (hawkbit-ddi-api, 1.x). Ids are strings holding a
 * decimal integer. Shared by the server, the agent and fleet adapters.
 */
export interface DdiPollRoot {
  readonly config: { readonly polling: { readonly sleep: string } };
  readonly _links: {
    readonly deploymentBase?: DdiLink;
    readonly cancelAction?: DdiLink;
    readonly configData?: DdiLink;
    readonly installedBase?: DdiLink;
  };
}

export interface DdiLink {
  readonly href: string;
}

export interface DdiDeployment {
  readonly id: string;
  readonly deployment: {
    readonly download: DdiHandling;
    readonly update: DdiHandling;
    readonly chunks: readonly DdiChunk[];
  };
}

export type DdiHandling = "skip" | "attempt" | "forced";

export interface DdiChunk {
  readonly part: string;
  readonly version: string;
  readonly name: string;
  readonly artifacts: readonly DdiArtifact[];
  readonly metadata?: readonly { readonly key: string; readonly value: string }[];
}

export interface DdiArtifact {
  readonly filename: string;
  readonly hashes: { readonly sha1: string; readonly md5: string; readonly sha256: string };
  readonly size: number;
  readonly _links: {
    readonly download?: DdiLink;
    readonly "download-http": DdiLink;
    readonly "md5sum-http"?: DdiLink;
  };
}

export type DdiExecution =
  | "closed"
  | "proceeding"
  | "canceled"
  | "scheduled"
  | "rejected"
  | "resumed"
  | "downloaded"
  | "download";

export interface DdiFeedback {
  readonly timestamp?: number;
  readonly status: {
    readonly execution: DdiExecution;
    readonly result: {
      readonly finished: "success" | "failure" | "none";
      readonly progress?: { readonly cnt: number; readonly of: number };
    };
    readonly code?: number;
    readonly details?: readonly string[];
  };
}

export interface DdiCancelAction {
  readonly id: string;
  readonly cancelAction: { readonly stopId: string };
}

export interface DdiConfigData {
  readonly mode?: "merge" | "replace" | "remove";
  readonly data: Readonly<Record<string, string>>;
}

/** Keys of chunk metadata that our agent reads; clients that do not know them ignore them. */
export const chunkMetadata = {
  /** Absolute address of the signed release (Sigstore bundle JSON). */
  attestation: "iotctl.attestation",
  /** Addresses of signed releases that say what versions in the field need, separated by spaces; absent without any. */
  context: "iotctl.context",
  /** Component name in the release. */
  component: "iotctl.component",
  /** `true` on the way back to the version the device ran before. */
  rollback: "iotctl.rollback",
} as const;

/** Attribute keys by which a device says who it is and what it runs (PUT configData). */
export const deviceAttribute = {
  hardware: "iotctl.hardware",
  /** The firmware version that really runs. */
  version: "iotctl.version",
  /** App versions seen lately: `component@version` separated by commas. */
  apps: "iotctl.apps",
} as const;

/** `HH:MM:SS`, at least one second and below a day: some clients check the length, none take zero. */
export function formatSleep(ms: number): string {
  const seconds = Math.min(Math.max(Math.round(ms / 1000), 1), 86_399);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Milliseconds of `HH:MM:SS`; null when it is not one. */
export function parseSleep(text: string): number | null {
  const match = /^(\d{2}):([0-5]\d):([0-5]\d)$/.exec(text);
  return match ? (Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1000 : null;
}
