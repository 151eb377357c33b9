import {
  type Cluster,
  clusterOf,
  costOf,
  cross,
  forEachMove,
  goalOf,
  hopCost,
  keyOf,
  opennessOf,
  partsOf,
  type Positions,
  stagedBetween,
  startOf,
  stepCost,
} from "./cluster.ts";
import { MinQueue } from "./min-queue.ts";
import type { Label } from "./order-search.ts";
import type { VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";
import { subsets } from "./subsets.ts";

/** A firmware version and the stage of an order at which it is introduced. */
export interface FirmwareIntroduction {
  /** Index of the label in the path. */
  readonly at: number;
  readonly id: VersionId;
  /** It is part of the lockstep that leads to that stage. */
  readonly lockstep: boolean;
}

/** The firmware introductions of some clusters along an order of apps and services. */
export interface Route {
  readonly introductions: readonly FirmwareIntroduction[];
  /** Of the intermediate versions among them, and of what is staged. */
  readonly cost: number;
}

/** How many sets of intermediate versions are tried for devices that start from several versions. */
const hopSetsMax = 4_000;

/** What moves a cluster along an order: made once for each path. */
export interface Path {
  readonly labels: readonly Label[];
  readonly isOpen: readonly ((id: VersionId) => boolean)[];
  /** Firmware that can start while the old and the new apps of the move to this label live together. */
  readonly between: readonly ((id: VersionId) => boolean)[];
  /** How late in the order a stage is, as far as apps go. */
  readonly epochs: readonly number[];
}

export function pathOf(problem: Problem, last: Label): Path {
  const labels: Label[] = [];
  for (let label: Label | null = last; label; label = label.before) labels.unshift(label);
  return {
    labels,
    isOpen: labels.map(({ stage }) => opennessOf(problem, stage)),
    between: labels.map(({ move, before, stage }) => {
      const joint = before ? before.stage.map((live) => [...live]) : stage.map((live) => [...live]);
      for (const id of move?.introduces ?? []) joint[problem.partOf(id).index]!.push(id);
      return opennessOf(problem, joint);
    }),
    epochs: labels.map(({ appIntroductions }) => appIntroductions),
  };
}

/** The cheapest way of all devices of some coupled components. */
export function cheapestRoute(problem: Problem, cluster: Cluster, path: Path): Route | null {
  const parts = partsOf(cluster.groups);
  if (cluster.single) return shortest(problem, cluster, path, null);
  const pieces = parts.size === 1 ? cluster.groups.map((group) => clusterOf([group])) : [cluster];
  let best = together(problem, pieces, path, null);
  // Devices that start from several versions may share a detour, so the sets of hops are tried out.
  const hops = [...parts].flatMap((part) => part.hops);
  let tried = 0;
  for (let size = 0; best && size < hops.length && size * hopCost < best.cost; size++) {
    for (const allowed of subsets(hops, size)) {
      if (++tried > hopSetsMax) return best;
      const route = together(problem, pieces, path, new Set(allowed));
      if (route && route.cost < best.cost) best = route;
    }
  }
  return best;
}

function together(
  problem: Problem,
  pieces: readonly Cluster[],
  path: Path,
  allowed: ReadonlySet<VersionId> | null,
): Route | null {
  const introductions: FirmwareIntroduction[] = [];
  for (const piece of pieces) {
    const route = shortest(problem, piece, path, allowed);
    if (!route) return null;
    introductions.push(...route.introductions);
  }
  const first = new Map<VersionId, FirmwareIntroduction>();
  for (const each of introductions.toSorted((a, b) => a.at - b.at || Number(b.lockstep) - Number(a.lockstep)))
    if (!first.has(each.id)) first.set(each.id, each);
  return routeOf(problem, [...first.values()]);
}

function routeOf(problem: Problem, introductions: readonly FirmwareIntroduction[]): Route {
  const costs = introductions.map(({ id, lockstep }) => costOf(problem, id) + (lockstep ? stepCost : 0));
  return { introductions, cost: costs.reduce((sum, cost) => sum + cost, 0) };
}

interface Node {
  readonly layer: number;
  readonly positions: Positions;
  readonly cost: number;
  readonly lateness: number;
  readonly before: Node | null;
  readonly introduces: readonly FirmwareIntroduction[];
}

/** Dijkstra over the stages of a path; `allowed` are the only intermediate versions, null for any. */
function shortest(
  problem: Problem,
  cluster: Cluster,
  path: Path,
  allowed: ReadonlySet<VersionId> | null,
): Route | null {
  const lastLayer = path.labels.length - 1;
  const goal = keyOf(goalOf(cluster));
  const done = new Set<string>();
  const open = new MinQueue<Node>((a, b) => a.cost - b.cost || a.lateness - b.lateness || a.layer - b.layer);
  open.push({ layer: 0, positions: startOf(cluster), cost: 0, lateness: 0, before: null, introduces: [] });
  for (let taken = open.take(); taken; taken = open.take()) {
    const node = taken;
    const { layer, positions } = node;
    const key = `${layer} ${keyOf(positions)}`;
    if (done.has(key)) continue;
    done.add(key);
    if (layer === lastLayer && keyOf(positions) === goal) return routeOf(problem, introductionsOf(node));
    forEachMove(problem, cluster, positions, path.isOpen[layer]!, (to, after) => {
      const cost = costOf(problem, to);
      if (allowed && cost > 0 && !allowed.has(to)) return;
      open.push({
        layer,
        positions: after,
        cost: node.cost + cost,
        lateness: node.lateness + latenessOf(path, layer),
        before: node,
        introduces: [{ at: layer, id: to, lockstep: false }],
      });
    });
    const next = path.labels[layer + 1];
    if (!next?.move) continue;
    const after = cross(problem, cluster, positions, next.move, path.between[layer + 1]!);
    if (!after) continue;
    const staged = stagedBetween(positions, after);
    open.push({
      layer: layer + 1,
      positions: after,
      cost: node.cost + staged.length * stepCost,
      lateness: node.lateness,
      before: node,
      introduces: staged.map((id) => ({ at: layer + 1, id, lockstep: true })),
    });
  }
  return null;
}

/** Before every app that it can precede, but after the services that can go first. */
function latenessOf({ epochs }: Path, layer: number): number {
  const epoch = epochs[layer]!;
  const servicesToCome = epochs.filter((other, index) => index > layer && other === epoch).length;
  return epoch * epochs.length + servicesToCome;
}

function introductionsOf(last: Node): FirmwareIntroduction[] {
  const introductions: FirmwareIntroduction[] = [];
  for (let node: Node | null = last; node; node = node.before) introductions.unshift(...node.introduces);
  return introductions;
}
