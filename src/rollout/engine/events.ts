import type { Freeze } from "../../manifest/environment.ts";
import type { FirmwareStep } from "./firmware-step.ts";
import type { MetricReading } from "./metric-reading.ts";
import type { DeviceProgress, Population, RolloutConfig } from "./state.ts";
import type { WayBack } from "./way-back.ts";

/** Everything that can happen to a rollout; a journal is a list of these. */
export type RolloutEvent =
  | { readonly type: "started"; readonly config: RolloutConfig }
  | Observed
  | {
      readonly type: "effect-done";
      readonly key: string;
      /** Devices that an assignment did not reach, and why; they may be tried again. */
      readonly refused?: readonly { readonly deviceId: string; readonly reason: string }[];
      /** What planning the way back came to. */
      readonly wayBack?: WayBack;
    }
  | { readonly type: "effect-failed"; readonly key: string; readonly code: string; readonly message: string }
  /** What the environment forbids at which times has changed. */
  | { readonly type: "freezes-changed"; readonly freezes: readonly Freeze[] }
  | Consent
  | {
      readonly type: "paused" | "resumed" | "aborted" | "rollback-requested";
      readonly by: string;
      readonly reason: string;
    }
  | {
      readonly type: "retried";
      readonly by: string;
      readonly reason: string;
      /** Absent: every device that failed. */
      readonly deviceIds?: readonly string[];
    };

/** What an approver signed. A later word of the same person about the same stage takes the place of the earlier. */
export interface Consent {
  readonly type: "approved" | "denied" | "bake-skipped";
  readonly stage: string;
  /** The wave whose bake time ends at once: `fleet 50%`. */
  readonly wave?: string;
  /** The phase of that wave, from 1: waves are called the same in each. Absent in journals of earlier releases. */
  readonly phase?: number;
  readonly planDigest: string;
  /** Name of the approver, as the policy has it. */
  readonly by: string;
  readonly reason: string;
  /** The signed statement, a Sigstore bundle as JSON. Absent in journals of earlier releases, which took people at their word. */
  readonly statement?: string;
}

/** What a look at the field showed, reduced to what changed since the last. */
export interface Observed {
  readonly type: "observed";
  /** More of the same look follows: a record holds no more devices than can be read at once. */
  readonly more?: true;
  /** Devices that may get the version of a step now: in the cohort of the wave and through their gate. */
  readonly admissible: readonly (FirmwareStep & { readonly deviceId: string; readonly from: string })[];
  /**
   * Devices of an assignment that was decided and is not confirmed, which the backend does not know
   * and which may not have it any more: what was true of them before a crash or a pause has lapsed.
   */
  readonly lapsed: readonly string[];
  /** Progress of devices that changed. */
  readonly progress: Readonly<Record<string, DeviceProgress>>;
  readonly returning: Readonly<Record<string, DeviceProgress>>;
  /** Devices of the wave that have to wait, and why, all of them; null when that did not change or `waits` says how. */
  readonly waiting: Readonly<Record<string, string>> | null;
  /** What changed about who has to wait: why, or null for who has not to any more. Absent: nothing. */
  readonly waits?: Readonly<Record<string, string | null>>;
  /** Null when it did not change. */
  readonly population: Population | null;
  /** What was measured now, by gate; absent when nothing was due. */
  readonly readings?: Readonly<Record<string, MetricReading>>;
  /** Gates that have had nothing to judge by for longer than their deadline; absent when these are the same as before. */
  readonly overdue?: readonly string[];
  /** Devices that were to go back and that a phone holds on the new version meanwhile; they stay. */
  readonly kept: readonly string[];
  /** On the way back: updated devices that may return to the version they had. */
  readonly returnable: readonly {
    readonly deviceId: string;
    readonly component: string;
    readonly to: string;
  }[];
}

/** A look that showed who uses what, and nothing else. */
export function sawOnly(population: Population): Observed {
  return {
    type: "observed",
    admissible: [],
    lapsed: [],
    progress: {},
    returning: {},
    waiting: null,
    population,
    kept: [],
    returnable: [],
  };
}
