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
    /** Where certificates for identities come from, and which are believed; absent: only keys sign. */
    readonly keyless?: KeylessSettings;
  };
  /** Where journals of rollouts lie. */
  readonly rollouts: RolloutsSettings;
  /** Who may approve, beside what a stage asks for. */
  readonly approvals: ApprovalSettings;
  /** Times in which no rollout begins anything. */
  readonly freezes: readonly Freeze[];
  /** Where metric gates read; null: a release that has such gates is refused. */
  readonly metrics: MetricsSettings | null;
}

export interface KeylessSettings {
  readonly fulcioUrl: string;
  readonly rekorUrl: string;
  /** RFC 3161 authority that dates signatures, beside the log; absent: the log alone does. */
  readonly timestampUrl?: string;
  /** Sigstore trusted root. */
  readonly trustedRootFile: string;
}

export type RolloutsSettings =
  | { readonly kind: "directory"; readonly dir: string }
  /** In the embedded fleet server, which all who release can reach. */
  | { readonly kind: "server" }
  | S3JournalSettings;

export interface S3JournalSettings {
  readonly kind: "s3";
  readonly bucket: string;
  /** Ends with a slash, or is empty. */
  readonly prefix: string;
  /** Absent: AWS itself. */
  readonly endpoint?: string;
  readonly region: string;
  /** The bucket is part of the path, not of the host name. */
  readonly pathStyle: boolean;
}

export interface ApprovalSettings {
  /** Empty: whoever holds a trusted signing key. */
  readonly approvers: readonly ApproverSettings[];
  /** Every stage that asks for approval asks for at least so many. */
  readonly least: number;
}

/** One person, by a key or by a keyless identity. */
export type ApproverSettings =
  | { readonly name: string; readonly keyFile: string }
  | {
      readonly name: string;
      /** Mail address or URI of the certificate, compared exactly. */
      readonly identity: string;
      /** Issuer of the OIDC token. */
      readonly issuer: string;
    };

export interface Freeze {
  readonly fromMs: number;
  /** Exclusive. */
  readonly untilMs: number;
  readonly why: string;
}

export interface MetricsSettings {
  readonly kind: "prometheus";
  /** Base address; queries go to `<url>/api/v1/query`. */
  readonly url: string;
  /** Name of the environment variable with a bearer token; absent: none is sent. */
  readonly tokenEnv?: string;
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
