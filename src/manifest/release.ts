/**
 * A release as the rest of the program sees it: `release.yaml` read, checked and normalised.
 * Ranges and versions are valid semver text; durations are milliseconds; percentages are 0 to 100.
 */
export interface Release {
  readonly apiVersion: "iotctl.dev/v1";
  readonly kind: "Release";
  readonly product: string;
  readonly version: string;
  /** In the order of the file. */
  readonly components: Readonly<Record<string, Component>>;
  /** Versions in the field that iotctl did not release, by component, then version. */
  readonly known: Readonly<Record<string, Readonly<Record<string, KnownVersion>>>>;
  readonly rollout: { readonly stages: readonly Stage[] };
  readonly gates: Readonly<Record<string, Gate>>;
  readonly retire: { readonly belowPercent: number; readonly unseenMs: number };
  readonly pairing: "observed" | "arbitrary";
  readonly onFailure: "rollback" | "hold";
}

/** What a version needs of other components: component name to semver range. */
export type Requires = Readonly<Record<string, string>>;

/** Firmware that an app can update even where the two do not fit: component name to semver range, at least one. */
export type Bridges = Readonly<Record<string, string>>;

export interface AppComponent {
  readonly kind: "app";
  readonly version: string;
  readonly platform: "ios" | "android";
  /** Bundle identifier or application id. */
  readonly id: string;
  /** Path of the package, relative to the manifest. */
  readonly artifact: string;
  readonly requires: Requires;
  readonly bridges?: Bridges;
}

export interface FirmwareComponent {
  readonly kind: "firmware";
  readonly version: string;
  /** Hardware model to path of its image, relative to the manifest. */
  readonly variants: Readonly<Record<string, string>>;
  /** Absent: installs over every lower version. */
  readonly installsOver?: string;
  readonly requires: Requires;
  /** Anti-rollback counter of the images: hardware that ran it refuses every lower one. Absent: 0. */
  readonly securityCounter?: number;
}

export interface ServiceComponent {
  readonly kind: "service";
  readonly version: string;
  readonly requires: Requires;
  /** Shell command that deploys it; it gets `IOTCTL_COMPONENT` and `IOTCTL_VERSION`. Absent: deployed by others. */
  readonly deploy?: string;
  /** Where the running version can be read. */
  readonly observe?: { readonly url: string; readonly field: string };
  /** Goes on serving the old version beside the new until that is retired. */
  readonly keepsVersions?: true;
}

export type Component = AppComponent | FirmwareComponent | ServiceComponent;

/** A version in the field. With an artifact or variants it can be introduced (a hop, a rollback). */
export interface KnownVersion {
  readonly requires: Requires;
  readonly artifact?: string;
  readonly variants?: Readonly<Record<string, string>>;
  readonly installsOver?: string;
  readonly bridges?: Bridges;
  readonly securityCounter?: number;
  /** Why those who use it can never leave it. */
  readonly stuck?: string;
}

/** One stage as written; `waves` is what the rollout walks through. */
export interface Stage {
  readonly name: string;
  /** At least one; a list of percentages is one wave each, and the shorter list repeats its last entry. */
  readonly waves: readonly Wave[];
  readonly bakeMs: number;
  /** Names of `gates`. */
  readonly gates: readonly string[];
  /** How many distinct people must approve before the stage begins. */
  readonly approvalsRequired: number;
  /** Nothing of the stage begins outside of all of these; absent: it may at any time. */
  readonly windows?: readonly TimeWindow[];
}

export interface Wave {
  readonly devices: DeviceSelection;
  /** Share of app users that the stores expose, 0 to 100. */
  readonly appsPercent: number;
}

export type DeviceSelection =
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "label"; readonly label: string; readonly value: string; readonly max: number | null };

/** Evidence that a stage needs: over counted devices, over what a query counts, or a number that a query measures. */
export type Gate = DeviceGate | CountGate | MetricGate;

interface GateBasics {
  /** After this long without a word from a device, or without a number from the metrics, the silence counts. */
  readonly deadlineMs: number;
  /** Having had nothing to judge by since the deadline fails the gate; absent: it holds. It never passes. */
  readonly noData?: "fail";
  /** The verdict is shown and written down, and neither holds nor stops anything. */
  readonly dryRun?: true;
}

interface RateLimit {
  readonly limitPercent: number;
  /** The chance of a wrong verdict that is accepted on each side, in (0, 0.5). */
  readonly alpha: number;
}

/** Counts devices of the rollout; judged by a sequential test. */
export interface DeviceGate extends GateBasics, RateLimit {
  readonly measure: "update-failure" | "silent-after-update";
}

/** Two queries that count, say crashed sessions and sessions; judged by the same sequential test. */
export interface CountGate extends GateBasics, RateLimit {
  readonly measure: "count";
  readonly failures: string;
  readonly of: string;
  /** Whose versions `$versions` in the queries stands for; null where they name none. */
  readonly component: string | null;
  readonly everyMs: number;
}

/** One query, held against a bound; so many readings in a row decide. */
export interface MetricGate extends GateBasics {
  readonly measure: "metric";
  readonly query: string;
  readonly component: string | null;
  readonly bound: MetricBound;
  /** Readings are at least this far apart. */
  readonly everyMs: number;
  /** This many in a row within the bound pass, this many in a row outside of it fail. */
  readonly readings: number;
}

/**
 * `max` and `min` are numbers in the unit of the query. `max-increase` and `max-decrease` are
 * percentages of what the same query says of those who were not updated yet.
 */
export interface MetricBound {
  readonly kind: "max" | "min" | "max-increase" | "max-decrease";
  readonly value: number;
}

/** When something may begin, in local time: `Mon-Thu 09:00-16:00 Europe/Amsterdam`. */
export interface TimeWindow {
  /** 1 is Monday, 7 is Sunday; at least one, ascending. */
  readonly days: readonly number[];
  /** Minutes since midnight, 0 to 1439. */
  readonly fromMinute: number;
  /** Exclusive, 1 to 1440; not above `fromMinute`: it ends on the next day. */
  readonly untilMinute: number;
  /** IANA name of the time zone. */
  readonly zone: string;
}
