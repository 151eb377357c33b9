import type { ResolvedComponent, ResolvedRelease } from "../../bundle/resolved-release.ts";
import type { Gate, Release, Stage } from "../../manifest/release.ts";
import type { Plan } from "../../planner/plan.ts";
import type { ServiceSettings } from "../rollout-ports.ts";
import type { Freeze } from "../../manifest/environment.ts";
import type { Effect } from "./effects.ts";
import type { MetricReading } from "./metric-reading.ts";
import type { WayBack } from "./way-back.ts";

/**
 * By which rules a plan is cut into phases and a wave ends. A journal is folded by the rules that it
 * began with: by others its events would lead elsewhere.
 */
export type RulesVersion = 1 | 2 | 3;

/** What was agreed when the rollout began; it never changes afterwards. */
export interface RolloutConfig {
  readonly rolloutId: string;
  readonly rulesVersion: RulesVersion;
  readonly environment: string;
  readonly plan: Plan;
  /** `sha256:<hex>` of the plan's canonical JSON; approvals are for this plan alone. */
  readonly planDigest: string;
  /** Digest of the release in storage, and of its signed statement. */
  readonly manifestDigest: string;
  readonly attestationDigest: string;
  readonly resolved: ResolvedRelease;
  /**
   * Versions that other releases brought, by component, then version: those on the way to the target,
   * with their artifacts, and whatever else the plan knew. What stands here counts before what
   * `resolved.known` says of the same version. Absent where there are none.
   */
  readonly hops?: Readonly<Record<string, Readonly<Record<string, Hop>>>>;
  /** Published releases that could not be read when the rollout began: what nobody says any more must not pass. */
  readonly leftOut?: readonly string[];
  readonly stages: readonly Stage[];
  readonly gates: Readonly<Record<string, Gate>>;
  readonly retire: Release["retire"];
  readonly onFailure: Release["onFailure"];
  /** Where it is not observed, every device may meet every app in the field. */
  readonly pairing: Release["pairing"];
  /** How each service is deployed. */
  readonly services: Readonly<Record<string, ServiceSettings>>;
  /** Whose consent counts, as it was when the rollout began. Absent in journals of earlier releases: anybody's. */
  readonly approvers?: readonly Approver[];
  /** The freezes of the environment when it began; absent where there were none. */
  readonly freezes?: readonly Freeze[];
  /** Drawn when it began, so that no two rollouts ever have the same terms. Absent in journals of earlier releases. */
  readonly nonce?: string;
  /**
   * `sha256:<hex>` of the canonical JSON of everything else here; approvals are for these terms alone.
   * Absent in journals of earlier releases.
   */
  readonly termsDigest?: string;
}

/** One person. Several entries of one name are the same person, who counts once. */
export type Approver =
  | { readonly name: string; readonly publicKeyPem: string }
  | { readonly name: string; readonly identity: string; readonly issuer: string };

/** A version that an earlier release published. */
export interface Hop {
  readonly resolved: ResolvedComponent;
  /** Of the signed statement of the release that published it. */
  readonly attestationDigest: string;
}

export type RolloutStatus =
  | "running"
  | "awaiting-approval"
  | "paused"
  | "rolling-back"
  // The rest have ended; only a rollback can be asked for.
  | "completed"
  | "failed"
  | "rolled-back"
  | "aborted";

/** How one device of the rollout fares. */
export interface DeviceProgress {
  readonly component: string;
  /** The version it was assigned. */
  readonly version: string;
  /** It was only to keep that version ready, and goes on running `from`. */
  readonly staged?: true;
  /** The version had been retired, and was offered once more in the phase of this index. */
  readonly again?: number;
  /** The version it ran before; the way back leads there. */
  readonly from: string;
  readonly status: "assigned" | "updating" | "updated" | "failed";
  /** When the device fetched what it was assigned; silence counts from here. */
  readonly beganAtMs: number | null;
  /** It was heard from again after the update. */
  readonly heard: boolean;
  /** It updated and then fell silent for longer than the gate allows. */
  readonly silent: boolean;
  /** Why it failed; empty otherwise. */
  readonly reason: string;
  /** It had failed the step, and was given it once more for the so-many-th time. Counts in no gate. */
  readonly retry?: number;
  /** How it fared in the step before, if it went through one. */
  readonly earlier?: DeviceProgress;
}

/** How many devices run what, from the last look at the field. */
export interface Population {
  readonly devices: number;
  /** Component to version to number of devices, or of users for apps; seen within the retire window. */
  readonly versions: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /**
   * Devices that may run any version of a component, since they do not say which or on what hardware;
   * by component, where there are some. Absent in journals of earlier releases.
   */
  readonly unknown?: Readonly<Record<string, number>>;
  /** By the name of a staged step; absent when nothing is staged. */
  readonly staging?: Readonly<Record<string, StagingCount>>;
  /** Who does not run the version of the release yet and could, by firmware component; where there are some. */
  readonly out?: Readonly<Record<string, Stragglers>>;
  /** By stage: devices that its waves open to and that do not run the version of the release yet. */
  readonly ahead?: Readonly<Record<string, number>>;
}

export interface Stragglers {
  readonly devices: number;
  /** Of these: were not heard of since the last wave began. */
  readonly asleep: number;
  /** When the one that sleeps longest was last heard of; null when none sleeps, or none of them was ever heard of. */
  readonly sinceMs: number | null;
}

/** How far an image has come to where it will be run; devices that can never run it do not count. */
export interface StagingCount {
  readonly devices: number;
  /** Of these: neither run the version nor keep it ready. */
  readonly without: number;
}

/** A person's last word about a stage. */
export interface Approval {
  readonly stage: string;
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  /** It was a no. */
  readonly denied?: true;
}

/** What the readings of one metric gate came to so far. */
export interface MetricRecord {
  readonly last: MetricReading;
  /** How many in a row were within the bound, and how many outside of it. */
  readonly good: number;
  readonly bad: number;
  /** When there last was data; null: never. */
  readonly dataAtMs: number | null;
  /** The last number of those who were not updated yet: what is compared with when everybody is. */
  readonly against: number | null;
}

/** The fold of the journal. */
export interface RolloutState {
  readonly config: RolloutConfig;
  readonly status: RolloutStatus;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly phaseIndex: number;
  /** Index into the waves of the phase. */
  readonly waveIndex: number;
  /** False while the wave waits for an approval or for versions to leave the field. */
  readonly waveEntered: boolean;
  readonly waveStartedAtMs: number;
  /** The field was looked at since the wave was entered, so that its devices have been offered their share. */
  readonly waveSurveyed: boolean;
  readonly devices: Readonly<Record<string, DeviceProgress>>;
  /** On the way back: the same for devices that were updated. */
  readonly returning: Readonly<Record<string, DeviceProgress>>;
  /** Devices of the current wave that have to wait, and why. */
  readonly waiting: Readonly<Record<string, string>>;
  /** Null until the field was looked at. */
  readonly population: Population | null;
  /** Share of users that each app version is exposed to, under `app@4.2.0`. */
  readonly exposed: Readonly<Record<string, number>>;
  /** The version that was last deployed, by service. */
  readonly deployed: Readonly<Record<string, string>>;
  readonly approvals: readonly Approval[];
  /** Somebody ended the bake time of the wave that the rollout is in. */
  readonly bakeSkipped: boolean;
  /** How often each device that failed was to be tried again. */
  readonly retries: Readonly<Record<string, number>>;
  /** By gate. */
  readonly metrics: Readonly<Record<string, MetricRecord>>;
  /** Gates that have had nothing to judge by for longer than their deadline. */
  readonly overdue: readonly string[];
  readonly freezes: readonly Freeze[];
  /** Null until the way back was planned. */
  readonly wayBack: WayBack | null;
  readonly failure: { readonly gate: string | null; readonly reason: string } | null;
  /** Effects that were decided and have not been confirmed, oldest first. */
  readonly pending: readonly Effect[];
  /** Of these: what was refused for good and is tried again in every turn, and why, by key. */
  readonly refused: Readonly<Record<string, string>>;
}

/** Whether nothing moves any more unless somebody asks for a rollback. */
export function hasEnded(status: RolloutStatus): boolean {
  return status === "completed" || status === "failed" || status === "rolled-back" || status === "aborted";
}

/** Whether a look at the field may still lead to something: a completed rollout serves devices that were away. */
export function stillLooks(status: RolloutStatus): boolean {
  return status === "completed" || !hasEnded(status);
}

/** Whether the rollout moves by itself. */
export function mayGoOn({ status }: Pick<RolloutState, "status">): boolean {
  return status === "running" || status === "awaiting-approval";
}
