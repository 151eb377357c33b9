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
}

export interface Wave {
  readonly devices: DeviceSelection;
  /** Share of app users that the stores expose, 0 to 100. */
  readonly appsPercent: number;
}

export type DeviceSelection =
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "label"; readonly label: string; readonly value: string; readonly max: number | null };

/** Evidence over counted devices, judged by a sequential test. */
export interface Gate {
  readonly measure: "update-failure" | "silent-after-update";
  readonly limitPercent: number;
  /** The chance of a wrong verdict that is accepted on each side, in (0, 0.5). */
  readonly alpha: number;
  /** After this long without a word from a device, its silence counts as failure. */
  readonly deadlineMs: number;
}
