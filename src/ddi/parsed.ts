/** What a codec makes of something from the wire: the value, or one sentence about what is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** An object of JSON, not an array and not null. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
