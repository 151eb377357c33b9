import type { Meetings } from "./meetings.ts";
import type { Sites } from "./sites.ts";

/** Brings a site to another state, and keeps account of how long it was in the one before. Numbers as in `Sites`. */
export function changeSite(
  { app, firmware, present, staged }: Sites,
  meetings: Meetings,
  site: number,
  nowS: number,
  next: {
    readonly app?: number;
    readonly firmware?: number;
    readonly staged?: number;
    readonly present?: number;
  },
): void {
  const cell = (): number => meetings.cell(app[site]!, firmware[site]!, staged[site]!, present[site]!);
  meetings.leave(cell(), nowS);
  if (next.app !== undefined) app[site] = next.app;
  if (next.firmware !== undefined) firmware[site] = next.firmware;
  if (next.staged !== undefined) staged[site] = next.staged;
  if (next.present !== undefined) present[site] = next.present;
  meetings.enter(cell(), nowS);
}
