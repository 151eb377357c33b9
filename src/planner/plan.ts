/** A plan as it is printed and saved; the field names are stable. */
export interface Plan {
  readonly schemaVersion: 1;
  readonly feasible: boolean;
  readonly product: string;
  readonly release: string;
  /** Versions in use when planning started, lowest first. */
  readonly field: Readonly<Record<string, readonly string[]>>;
  readonly steps: readonly PlanStep[];
  readonly blocked: Blocked | null;
}

export interface PlanStep {
  /** `s1`, `s2`, … in order. */
  readonly id: string;
  readonly action: "introduce" | "retire";
  readonly component: string;
  readonly version: string;
  /** Versions that this one takes the place of; empty for `retire`. */
  readonly replaces: readonly string[];
  /**
   * Ranges of peer components that a device must be paired with before it may take the step; null
   * when everything in the field fits.
   */
  readonly guard: Readonly<Record<string, string>> | null;
  readonly reversible: boolean;
  readonly why: string;
}

export interface Blocked {
  readonly pairs: readonly BlockedPair[];
  readonly repairs: readonly string[];
}

export interface BlockedPair {
  readonly a: string;
  readonly b: string;
  readonly verdict: "incompatible" | "unknown";
  readonly evidence: string;
}
