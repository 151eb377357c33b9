import { compareVersions } from "../compat/versions.ts";
import type { AppRelease, StorefrontStatus } from "../storefronts/storefront.ts";

/** One published version. Immutable; every change makes a new one. */
export interface ShelfRelease extends AppRelease {
  /** 0 to 100; never falls. */
  readonly percent: number;
  readonly halted: boolean;
  /** Simulated instant at which the review is over. */
  readonly reviewedAtMs: number;
}

export type ShelfOutcome =
  | { readonly kind: "changed" | "unchanged"; readonly release: ShelfRelease }
  | { readonly kind: "conflict" | "refused"; readonly message: string }
  | { readonly kind: "in-review"; readonly message: string; readonly waitMs: number };

/**
 * The rules of a store, over plain values: what may be published, shown and halted. Exposure never
 * falls, versions only go up, a halted version is done for, and nobody sees what is in review.
 */
export function publishRelease(
  published: readonly ShelfRelease[],
  app: AppRelease,
  nowMs: number,
  reviewDelayMs: number,
): ShelfOutcome {
  const others = published.filter((release) => release.component === app.component);
  const same = others.find((release) => release.version === app.version);
  if (same && same.digest !== app.digest) {
    const message = `${app.component}@${app.version} is published as ${same.digest}, this one is ${app.digest}.`;
    return { kind: "conflict", message };
  }
  const foreign = others.find((other) => other.platform !== app.platform || other.appId !== app.appId);
  if (foreign) {
    const message = `${app.component} is the ${foreign.platform} app ${foreign.appId}, not the ${app.platform} app ${app.appId}.`;
    return { kind: "conflict", message };
  }
  if (same) return { kind: "unchanged", release: same };
  const higher = others.find((other) => compareVersions(other.version, app.version) >= 0);
  if (higher) {
    const message = `${app.component}@${app.version} is not higher than ${higher.version}, which is published; a store never goes back.`;
    return { kind: "refused", message };
  }
  return {
    kind: "changed",
    release: { ...app, percent: 0, halted: false, reviewedAtMs: nowMs + reviewDelayMs },
  };
}

/** Shows a release to `percent` of its users; a share that is not higher than before changes nothing. */
export function exposeRelease(release: ShelfRelease, percent: number, nowMs: number): ShelfOutcome {
  const name = `${release.component}@${release.version}`;
  if (percent <= release.percent) return { kind: "unchanged", release };
  if (release.halted) {
    const message = `${name} is halted at ${release.percent} % and cannot go to ${percent} %; publish a higher version.`;
    return { kind: "refused", message };
  }
  if (nowMs < release.reviewedAtMs) {
    return {
      kind: "in-review",
      message: `${name} is still in review.`,
      waitMs: release.reviewedAtMs - nowMs,
    };
  }
  return { kind: "changed", release: { ...release, percent } };
}

/** Stops new installs of a release for good. */
export function haltRelease(release: ShelfRelease): ShelfOutcome {
  if (release.halted) return { kind: "unchanged", release };
  return { kind: "changed", release: { ...release, halted: true } };
}

/** What a store's console says about a release. */
export function shelfState(release: ShelfRelease): StorefrontStatus["releases"][number]["state"] {
  if (release.halted) return "halted";
  if (release.percent >= 100) return "completed";
  return release.percent > 0 ? "exposed" : "draft";
}
