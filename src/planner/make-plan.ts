import { IotctlError } from "../base/errors.ts";
import type { LiveSets, Relation } from "../compat/relation.ts";
import { type ComponentVersion, explainVerdict, formatComponentVersion } from "../compat/verdict.ts";
import { compareVersions } from "../compat/versions.ts";
import type { BlockedPair, Plan, PlanStep } from "./plan.ts";

export interface PlanRequest {
  readonly product: string;
  readonly release: string;
  readonly relation: Relation;
  /** Versions in use now, by component. */
  readonly live: LiveSets;
  /** The version of the release, by component. */
  readonly target: Readonly<Record<string, string>>;
  readonly pairing: "observed" | "arbitrary";
}

/** A component that has to move: what lives, where it goes. */
interface Move extends ComponentVersion {
  readonly old: readonly string[];
  readonly kind: "app" | "firmware" | "service";
}

/** What can be taken back is moved first, what cannot as late as possible. */
const kindOrder = { service: 0, firmware: 1, app: 2 } as const;

/**
 * Finds an order in which every component moves at most once and no pair that may meet is ever
 * anything but compatible: at every prefix, and when stopped or rolled back after any prefix.
 *
 * Taking any step that is safe now is exact here, not greedy: introducing one target never stands
 * in the way of another (targets must fit one another in the end anyway), and retiring only removes
 * obstacles. Retirements are placed where a later introduction needs them, the rest at the end.
 *
 * @throws IotctlError IOT_PLAN_NEEDS_HOPS when a firmware in the field cannot take the target at once
 */
export function makePlan(request: PlanRequest): Plan {
  const { relation, live, target } = request;
  const moves = pendingMoves(request);
  refuseHops(moves, relation);

  const blocked = finalConflicts(request);
  const steps: Omit<PlanStep, "id">[] = [];
  const current = new Map<string, Set<string>>(
    [...new Set([...Object.keys(live), ...Object.keys(target)])]
      .toSorted()
      .map((component) => [component, new Set(live[component]?.toSorted(compareVersions))]),
  );
  const introduced = new Set<string>(
    Object.keys(target).filter((component) => !moves.some((move) => move.component === component)),
  );
  let waiting = blocked.length > 0 ? [] : moves;

  while (waiting.length > 0) {
    const next = nextIntroduction(waiting, current, introduced, moves, request);
    if (!next) break;
    for (const gone of next.retirements) {
      current.get(gone.component)?.delete(gone.version);
      steps.push(
        retirement(gone, `${formatComponentVersion(next.move)} does not fit ${formatComponentVersion(gone)}`),
      );
    }
    current.get(next.move.component)?.add(next.move.version);
    introduced.add(next.move.component);
    steps.push(introduction(next.move, next.guard, next.retirements, current, relation));
    waiting = waiting.filter((move) => move !== next.move);
  }

  const obstacles =
    blocked.length > 0
      ? blocked
      : waiting.flatMap((move) => obstaclesOf(move, current, request).map(toPair(move, relation)));
  if (obstacles.length > 0) return infeasible(request, obstacles);

  for (const move of moves) {
    for (const version of move.old) {
      if (!current.get(move.component)?.has(version)) continue;
      steps.push(
        retirement(
          { component: move.component, version },
          "nothing waits for it; it ends when nobody uses it any more",
        ),
      );
    }
  }
  return {
    schemaVersion: 1,
    feasible: true,
    product: request.product,
    release: request.release,
    field: sortedField(live),
    steps: steps.map((step, index) => ({ id: `s${index + 1}`, ...step })),
    blocked: null,
  };
}

function pendingMoves({ relation, live, target }: PlanRequest): Move[] {
  return Object.entries(target)
    .map(([component, version]) => ({
      component,
      version,
      old: (live[component] ?? []).filter((other) => other !== version).toSorted(compareVersions),
      kind: relation.facts(component, version)?.kind ?? "service",
    }))
    .filter((move) => move.old.length > 0 || !(live[move.component] ?? []).includes(move.version))
    .toSorted((a, b) => kindOrder[a.kind] - kindOrder[b.kind] || (a.component < b.component ? -1 : 1));
}

function refuseHops(moves: readonly Move[], relation: Relation): void {
  for (const move of moves) {
    if (move.kind !== "firmware") continue;
    const stuck = move.old.filter((version) => !relation.installsOver(move, version));
    if (stuck.length === 0) continue;
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
}

/** Targets that do not fit one another can never both be reached, whatever the order. */
function finalConflicts({ relation, target, live }: PlanRequest): BlockedPair[] {
  const final = new Map(Object.entries(live).map(([component, versions]) => [component, [...versions]]));
  for (const [component, version] of Object.entries(target)) final.set(component, [version]);
  const pairs: BlockedPair[] = [];
  const components = [...final.keys()].toSorted();
  for (const [index, a] of components.entries()) {
    for (const b of components.slice(index + 1)) {
      if (!(a in target) && !(b in target)) continue;
      for (const versionA of final.get(a) ?? []) {
        for (const versionB of final.get(b) ?? []) {
          const pair = blockedPair(
            { component: a, version: versionA },
            { component: b, version: versionB },
            relation,
          );
          if (pair) pairs.push(pair);
        }
      }
    }
  }
  return pairs;
}

interface Introduction {
  readonly move: Move;
  readonly retirements: readonly ComponentVersion[];
  readonly guard: Readonly<Record<string, string>> | null;
}

/** The first move, in order of cost, that is safe now or becomes safe by retiring what has been replaced. */
function nextIntroduction(
  waiting: readonly Move[],
  current: ReadonlyMap<string, ReadonlySet<string>>,
  introduced: ReadonlySet<string>,
  moves: readonly Move[],
  request: PlanRequest,
): Introduction | null {
  let best: Introduction | null = null;
  for (const move of waiting) {
    const retirements: ComponentVersion[] = [];
    const guard: Record<string, string> = {};
    let possible = true;
    for (const obstacle of obstaclesOf(move, current, request)) {
      if (canBeGuarded(move, obstacle, request)) {
        guard[obstacle.component] = guardRange(move, obstacle.component, request.relation);
      } else if (introduced.has(obstacle.component) && canRetire(obstacle, current, moves, request)) {
        retirements.push(obstacle);
      } else {
        possible = false;
        break;
      }
    }
    if (!possible) continue;
    const candidate = { move, retirements, guard: Object.keys(guard).length > 0 ? guard : null };
    if (best === null || rank(candidate) < rank(best)) best = candidate;
  }
  return best;
}

/** Waiting for a version to leave the field takes longest, a guard makes some devices wait. */
function rank({ retirements, guard }: Introduction): number {
  return retirements.length * 2 + (guard ? 1 : 0);
}

/** Live versions of other components that the target does not fit. */
function obstaclesOf(
  move: ComponentVersion,
  current: ReadonlyMap<string, ReadonlySet<string>>,
  { relation }: PlanRequest,
): ComponentVersion[] {
  const found: ComponentVersion[] = [];
  for (const [component, versions] of current) {
    if (component === move.component) continue;
    for (const version of versions) {
      if (relation.verdict(move, { component, version }).kind !== "compatible")
        found.push({ component, version });
    }
  }
  return found;
}

/** Where pairing is observed, the gate of each device keeps new firmware away from old apps. */
function canBeGuarded(
  move: Move,
  obstacle: ComponentVersion,
  { relation, live, pairing }: PlanRequest,
): boolean {
  if (pairing !== "observed" || move.kind !== "firmware") return false;
  const apps = live[obstacle.component] ?? [];
  return (
    apps.some((version) => relation.facts(obstacle.component, version)?.kind === "app") &&
    apps.some(
      (version) => relation.verdict(move, { component: obstacle.component, version }).kind === "compatible",
    )
  );
}

function guardRange(move: Move, component: string, relation: Relation): string {
  const declared = relation.facts(move.component, move.version)?.requires[component];
  const fitting = relation
    .versions(component)
    .filter((version) => relation.verdict(move, { component, version }).kind === "compatible");
  // The declared range says it shortest, but only when the apps' own pins do not narrow it further.
  const narrowed = relation
    .versions(component)
    .some(
      (version) =>
        declared !== undefined && relation.verdict(move, { component, version }).evidence.length > 1,
    );
  return declared !== undefined && !narrowed ? declared : fitting.join(" || ");
}

/**
 * Whether a version can be made to leave: its successor is there, and nobody who uses it is held by
 * a guard for ever (each app that the new firmware refuses has a later app that fits old and new).
 */
function canRetire(
  gone: ComponentVersion,
  current: ReadonlyMap<string, ReadonlySet<string>>,
  moves: readonly Move[],
  { relation }: PlanRequest,
): boolean {
  const move = moves.find(({ component }) => component === gone.component);
  if (!move || move.kind !== "firmware") return move !== undefined;
  const target = { component: move.component, version: move.version };
  for (const [component, versions] of current) {
    const fits = (version: string): boolean =>
      [target, gone].every(
        (firmware) => relation.verdict(firmware, { component, version }).kind === "compatible",
      );
    for (const version of versions) {
      if (relation.verdict(target, { component, version }).kind === "compatible") continue;
      if (![...versions].some((later) => compareVersions(later, version) > 0 && fits(later))) return false;
    }
  }
  return true;
}

function introduction(
  move: Move,
  guard: Introduction["guard"],
  retirements: readonly ComponentVersion[],
  current: ReadonlyMap<string, ReadonlySet<string>>,
  relation: Relation,
): Omit<PlanStep, "id"> {
  return {
    action: "introduce",
    component: move.component,
    version: move.version,
    replaces: move.old,
    guard,
    reversible: move.kind !== "app",
    why: whyHere(move, guard, retirements, current, relation),
  };
}

function whyHere(
  move: Move,
  guard: Introduction["guard"],
  retirements: readonly ComponentVersion[],
  current: ReadonlyMap<string, ReadonlySet<string>>,
  relation: Relation,
): string {
  if (guard) {
    const ranges = Object.entries(guard).map(([component, range]) => `${component} ${range}`);
    return `a device takes it only once its phones run ${ranges.join(" and ")}`;
  }
  if (retirements.length > 0) {
    return `${retirements.map(formatComponentVersion).join(" and ")}, which it does not fit, is gone`;
  }
  const peers = [...current.keys()].filter((other) => relation.coupled(move.component, other));
  return peers.length > 0
    ? `fits every live version of ${peers.toSorted().join(", ")}`
    : "nothing else depends on it";
}

function retirement({ component, version }: ComponentVersion, why: string): Omit<PlanStep, "id"> {
  return { action: "retire", component, version, replaces: [], guard: null, reversible: false, why };
}

function toPair(move: Move, relation: Relation): (obstacle: ComponentVersion) => BlockedPair {
  return (obstacle) => {
    const pair = blockedPair(move, obstacle, relation);
    if (!pair) throw new Error(`${formatComponentVersion(obstacle)} is not an obstacle`);
    return pair;
  };
}

function blockedPair(a: ComponentVersion, b: ComponentVersion, relation: Relation): BlockedPair | null {
  const verdict = relation.verdict(a, b);
  if (verdict.kind === "compatible") return null;
  return {
    a: formatComponentVersion(a),
    b: formatComponentVersion(b),
    verdict: verdict.kind,
    evidence: explainVerdict(a, b, verdict),
  };
}

function infeasible(request: PlanRequest, pairs: readonly BlockedPair[]): Plan {
  return {
    schemaVersion: 1,
    feasible: false,
    product: request.product,
    release: request.release,
    field: sortedField(request.live),
    steps: [],
    blocked: { pairs, repairs: [] },
  };
}

function sortedField(live: LiveSets): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(live)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([component, versions]) => [component, versions.toSorted(compareVersions)]),
  );
}
