/** A named set of backend, storefront, storage and signing: one entry of `iotctl.yaml`, with absolute paths. */
export interface Environment {
  readonly name: string;
  readonly fleet: EmbeddedFleetSettings;
  readonly storefront: LocalStorefrontSettings;
  readonly storage: { readonly kind: "directory"; readonly dir: string };
  readonly signing: {
    /** PKCS#8 PEM, P-256. Created on first use for `local`, never elsewhere. */
    readonly keyFile: string;
    readonly createKey: boolean;
    /** SPKI PEM files whose signatures are trusted. Empty: the public half of `keyFile`. */
    readonly trustedKeyFiles: readonly string[];
  };
  /** Where journals of rollouts lie. */
  readonly rolloutsDir: string;
}

export interface EmbeddedFleetSettings {
  readonly backend: "embedded";
  /** Base address of a running server; absent: read from `address.json` that `fleet serve` writes in `dir`. */
  readonly url?: string;
  /** The server's directory on this machine; holds `address.json` and `control-token`. */
  readonly dir: string;
  /** Name of the environment variable with the control token; absent: the file `control-token` in `dir`. */
  readonly tokenEnv?: string;
}

export interface LocalStorefrontSettings {
  readonly kind: "local";
  /** Absent: read from `address.json` that `dev storefront` writes in `dir`. */
  readonly url?: string;
  readonly dir: string;
}
