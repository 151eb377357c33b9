/** One version of one component, as a number: the search compares very many. */
export type VersionId = number;

/** A component with the versions of it that can play a part. */
export interface Part {
  readonly index: number;
  readonly component: string;
  readonly kind: "app" | "firmware" | "service";
  /** Lives now and can leave, lowest first; the target is not among them. */
  readonly old: readonly VersionId[];
  /** Lives now and stays for ever. */
  readonly permanent: readonly VersionId[];
  /** Null for what the release does not bring. */
  readonly target: VersionId | null;
  readonly targetLives: boolean;
  /** Whether the target has to be introduced: it does not live alone. */
  readonly moves: boolean;
  /** Versions other than the target that may be introduced on the way, lowest first. */
  readonly hops: readonly VersionId[];
  /** Parts whose versions it has to fit. */
  readonly coupled: readonly Part[];
}

/** Devices of one firmware that start alike and have the same images to take. */
export interface Group {
  readonly part: Part;
  readonly start: VersionId;
  readonly next: ReadonlyMap<VersionId, readonly VersionId[]>;
}

/** What of a component lives from the first step to the last. */
export function alwaysLive({ permanent, target, targetLives }: Part): readonly VersionId[] {
  return targetLives && target !== null ? [...permanent, target] : permanent;
}

/** What can be taken back comes first, what cannot last. */
export const kindRank = { service: 0, firmware: 1, app: 2 } as const;

/** Services before firmware before apps, then by name. */
export function compareParts(a: Part, b: Part): number {
  return kindRank[a.kind] - kindRank[b.kind] || a.index - b.index;
}
