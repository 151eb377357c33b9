import type { VersionFacts } from "./relation.ts";

/** What a version says of itself and others; whether there is something to install is another matter. */
type Pins = Pick<VersionFacts, "bridges" | "installsOver" | "requires" | "securityCounter" | "stuck">;

/** Whether a version comes with what is installed: whoever brings that says all of it anew. */
export function hasFiles({ hardware, installable, kind }: VersionFacts): boolean {
  return hardware.length > 0 || (kind === "app" && installable);
}

/** What was said of a version before, but for what is said anew. */
export function filledIn<Said extends Pins>(
  { bridges, installsOver, requires, securityCounter, stuck }: Pins,
  before: Said,
): Said {
  return {
    ...before,
    ...(Object.keys(requires).length > 0 && { requires }),
    ...(installsOver !== undefined && { installsOver }),
    ...(bridges && { bridges }),
    ...(stuck !== undefined && { stuck }),
    ...(securityCounter !== undefined && { securityCounter }),
  };
}
