import type { Freeze } from "./environment.ts";
import type { FreezeInput } from "./environment-schema.ts";
import { beginOf, endOf, parseLocalTime } from "./local-time.ts";

/** A freeze in milliseconds since the epoch. A day at its end is part of it, as people mean it. */
export function normaliseFreeze({ from, until, why }: FreezeInput): Freeze {
  return { fromMs: beginOf(parseLocalTime(from)!), untilMs: endOf(parseLocalTime(until)!), why };
}
