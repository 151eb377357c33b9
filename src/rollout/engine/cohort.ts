/** How finely a population is cut: 0.01 % of it is the smallest cohort. */
const buckets = 10_000;

/**
 * Whether a member belongs to the first `percent` of a population. Sticky and monotone: raising the
 * percentage never removes a member, 0 is nobody, 100 is everybody. `salt` gives each rollout its
 * own order, so that the same devices are not always first.
 */
export function inCohort(id: string, salt: string, percent: number): boolean {
  return inShare(bucketOf(id, salt), percent);
}

/** The same for a place that is known. */
export function inShare(bucket: number, percent: number): boolean {
  return bucket < Math.round((percent / 100) * buckets);
}

/** The order of devices is a release's own, and the same wherever it is asked for. */
export function cohortSalt({
  product,
  version,
}: {
  readonly product: string;
  readonly version: string;
}): string {
  return `${product}@${version}`;
}

/** The member's place in the population, 0 to 9999. */
export function bucketOf(id: string, salt: string): number {
  return hashText(`${salt}\n${id}`) % buckets;
}

/** 32 bits of MurmurHash3 x86 over UTF-16 code units (A. Appleby, public domain): even, the same everywhere; no secret. */
export function hashText(text: string): number {
  let hash = 0x9747b28c;
  for (let index = 0; index < text.length; index++) {
    let block = Math.imul(text.charCodeAt(index), 0xcc9e2d51);
    block = (block << 15) | (block >>> 17);
    hash ^= Math.imul(block, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
