/** What carries apps to users. Every call may be repeated; exposure never falls, halting only stops new installs. */
export interface Storefront {
  readonly name: string;

  /** Uploads a version without showing it to anybody. Idempotent by component and version. */
  publish(app: AppRelease): Promise<void>;

  /** Shows a published version to a share of users, 0 to 100; 100 completes it. A lower share than before changes nothing. */
  expose(component: string, version: string, percent: number): Promise<void>;

  /** Stops new installs of a version; who has it keeps it. Idempotent. */
  halt(component: string, version: string): Promise<void>;

  /** What the store shows and, where it can tell, what users run. */
  status(component: string): Promise<StorefrontStatus>;
}

export interface AppRelease {
  readonly component: string;
  readonly platform: "ios" | "android";
  readonly appId: string;
  readonly version: string;
  /** `sha256:<hex>` of the package. */
  readonly digest: string;
}

export interface StorefrontStatus {
  readonly releases: readonly {
    readonly version: string;
    readonly state: "draft" | "exposed" | "halted" | "completed";
    readonly percent: number;
  }[];
  /** Users by installed version; null where the store cannot tell. */
  readonly installed: readonly { readonly version: string; readonly users: number }[] | null;
}
