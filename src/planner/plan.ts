/** A plan as it is printed and saved; the field names are stable. */
export interface Plan {
  readonly schemaVersion: 1;
  readonly feasible: boolean;
  readonly product: string;
  readonly release: string;
  /** Versions in use when planning started, lowest first. */
  readonly field: Readonly<Record<string, readonly string[]>>;
  /** Declared incompatible pairs that live together already: no step adds another, the last leaves none. */
  readonly broken: readonly BlockedPair[];
  /** Versions that can never leave the field; every step fits them. */
  readonly stuck: readonly StuckVersion[];
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
  /** Firmware: bring the image to every device without running it; a later step of the same version runs it. */
  readonly staged?: true;
  /** A retirement that later steps wait for: the version that a hard floor may be raised to, since all can install it; absent where that would shut out who is stuck. */
  readonly floor?: string;
  readonly why: string;
}

export interface StuckVersion {
  readonly component: string;
  readonly version: string;
  readonly why: string;
}

/** Why there is no safe order, and what would make one. */
export interface Blocked {
  /** Disagreements that rule out every order by themselves; none of them can be left out. */
  readonly pairs: readonly BlockedPair[];
  /** At most three, cheapest first; each was planned again with the change made. */
  readonly repairs: readonly Repair[];
}

export interface Repair {
  readonly kind:
    | "artifact"
    | "bridges"
    | "bridging-firmware"
    | "floor"
    | "installs-over"
    | "pairing"
    | "requires"
    | "tolerant-app";
  /** What to change, as a sentence. */
  readonly change: string;
  /** How many steps the plan has with it. */
  readonly steps: number;
}

export interface BlockedPair {
  readonly a: string;
  readonly b: string;
  readonly verdict: "incompatible" | "unknown";
  readonly evidence: string;
}
