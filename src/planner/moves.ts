import { IotctlError } from "../base/errors.ts";
import { type ComponentVersion, formatComponentVersion } from "../compat/verdict.ts";
import { compareVersions } from "../compat/versions.ts";
import type { PlanRequest } from "./plan-request.ts";

/** A component that has to move: what lives, where it goes. */
export interface Move extends ComponentVersion {
  readonly old: readonly string[];
  readonly kind: "app" | "firmware" | "service";
}

/** What can be taken back is moved first, what cannot as late as possible. */
const kindOrder = { service: 0, firmware: 1, app: 2 } as const;

/**
 * The components that are not on the release yet, in the order in which they are best moved. Throws
 * IOT_PLAN_NEEDS_HOPS when a firmware in the field cannot take its target at once.
 */
export function pendingMoves({ relation, live, target }: PlanRequest): Move[] {
  const moves = Object.entries(target)
    .map(([component, version]) => ({
      component,
      version,
      old: (live[component] ?? []).filter((other) => other !== version).toSorted(compareVersions),
      kind: relation.facts(component, version)?.kind ?? "service",
    }))
    .filter((move) => move.old.length > 0 || !(live[move.component] ?? []).includes(move.version))
    .toSorted((a, b) => kindOrder[a.kind] - kindOrder[b.kind] || (a.component < b.component ? -1 : 1));
  for (const move of moves) if (move.kind === "firmware") refuseHops(move, relation);
  return moves;
}

function refuseHops(move: Move, relation: PlanRequest["relation"]): void {
  const stuck = move.old.filter((version) => !relation.installsOver(move, version));
  if (stuck.length === 0) return;
  const range = relation.facts(move.component, move.version)?.installsOver ?? `<${move.version}`;
  throw new IotctlError(
    "IOT_PLAN_NEEDS_HOPS",
    `${formatComponentVersion(move)} installs over ${range}, but the field holds ${move.component} ${stuck.join(", ")}; ` +
      "a plan in which one component moves more than once is not supported yet.",
    {
      hints: [
        `Release a version first that installs over ${stuck.join(", ")} and that ${move.version} installs over`,
        `Or widen installs-over of ${move.component} where that is true`,
      ],
      details: { component: move.component, target: move.version, installsOver: range, field: stuck },
    },
  );
}
