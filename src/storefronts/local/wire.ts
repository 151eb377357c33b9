import type { AppRelease } from "../storefront.ts";

/** The JSON that the local storefront and its clients exchange. Every body is an object; versions are semver. */

/** `POST /publish` takes an `AppRelease`; the three writes answer with the release as it now stands. */
export type PublishRequest = AppRelease;

/** `POST /expose` */
export interface ExposeRequest {
  readonly component: string;
  readonly version: string;
  /** 0 to 100. */
  readonly percent: number;
}

/** `POST /halt` */
export interface HaltRequest {
  readonly component: string;
  readonly version: string;
}

/** Any answer but 200. */
export interface Refusal {
  readonly error: {
    /**
     * `conflict`: the same version with other content. `refused`: the store's rules forbid it.
     * `in-review`: not yet, ask again after `retryAfterMs`. `busy`: the store is overloaded.
     */
    readonly reason: "invalid" | "not-found" | "conflict" | "refused" | "in-review" | "busy" | "failed";
    readonly message: string;
    /** Real milliseconds. */
    readonly retryAfterMs?: number;
  };
}

/** A virtual phone: which app it runs and which device it talks to. */
export interface Phone {
  readonly id: string;
  readonly component: string;
  readonly version: string;
  readonly device: string;
  /** Base address that takes its visits; absent: found by device among the links. */
  readonly link?: string;
}

/**
 * `POST /population` replaces all phones, at most `phonesMax`. One that is known by its id and has a
 * higher version installed keeps it, so that introducing the same users again takes nothing back.
 */
export interface PopulationRequest {
  readonly phones: readonly Phone[];
}
export const phonesMax = 100_000;

/** `POST /links` replaces all links: where the phones of a device send their visits. */
export interface LinksRequest {
  readonly links: readonly Link[];
}

export interface Link {
  /** Base address; visits go to `<url>/visits`. */
  readonly url: string;
  /** `*`: every device that no other link names. */
  readonly devices: readonly string[] | "*";
}

/** `GET /phones` */
export interface PhonesSummary {
  readonly phones: number;
  readonly versions: readonly {
    readonly component: string;
    readonly version: string;
    readonly phones: number;
  }[];
}

/** `GET /meetings`: which app versions met which device versions since the storefront was started. */
export interface MeetingsSummary {
  readonly meetings: readonly Meeting[];
  readonly visits: {
    /** Answered by a device. */
    readonly met: number;
    /** Not answered: link away, too slow, or nonsense. */
    readonly failed: number;
    /** No link leads to the phone's device. */
    readonly unlinked: number;
  };
}

export interface Meeting {
  readonly app: { readonly component: string; readonly version: string };
  readonly device: {
    readonly component: string;
    readonly version: string;
    /** What lay ready there, to be run next. */
    readonly staged?: string;
  };
  /** False when the device was down, so that the two did not really meet. */
  readonly answering: boolean;
  readonly count: number;
}
