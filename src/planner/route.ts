import {
  type Cluster,
  clusterOf,
  cross,
  forEachMove,
  goalOf,
  keyOf,
  opennessOf,
  partsOf,
  type Positions,
  startOf,
} from "./cluster.ts";
import type { Label } from "./order-search.ts";
import { MinQueue } from "./min-queue.ts";
import type { Part, Problem, VersionId } from "./problem.ts";
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
  /** Intermediate versions among them. */
  readonly hops: number;
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

/** The way of all devices of some coupled components with the fewest intermediate versions. */
export function fewestHops(problem: Problem, cluster: Cluster, path: Path): Route | null {
  const parts = partsOf(cluster.groups);
  if (cluster.single) return shortest(problem, cluster, path, null);
  const pieces = parts.size === 1 ? cluster.groups.map((group) => clusterOf([group])) : [cluster];
  const apart = pieces.map((piece) => shortest(problem, piece, path, null));
  if (apart.some((route) => route === null)) return null;
  const together = merge(
    problem,
    apart.flatMap((route) => route ?? []),
  );
  const least = Math.max(...apart.map((route) => route?.hops ?? 0));
  // Devices that start from several versions may share a detour, so the sets of hops are tried out.
  let tried = 0;
  for (let size = least; size < together.hops; size++) {
    for (const allowed of subsets(
      [...parts].flatMap((part: Part) => part.hops),
      size,
    )) {
      if (++tried > hopSetsMax) return together;
      const routes = pieces.map((piece) => shortest(problem, piece, path, new Set(allowed)));
      if (routes.every((route) => route !== null)) return merge(problem, routes);
    }
  }
  return together;
}

function merge(problem: Problem, routes: readonly Route[]): Route {
  const first = new Map<VersionId, FirmwareIntroduction>();
  const inOrder = routes.flatMap(({ introductions }) => introductions).toSorted((a, b) => a.at - b.at);
  for (const introduction of inOrder)
    if (!first.has(introduction.id)) first.set(introduction.id, introduction);
  const introductions = [...first.values()];
  return { introductions, hops: introductions.filter(({ id }) => isHop(problem, id)).length };
}

function isHop(problem: Problem, id: VersionId): boolean {
  return problem.partOf(id).target !== id;
}

interface Node {
  readonly layer: number;
  readonly positions: Positions;
  readonly hops: number;
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
  const open = new MinQueue<Node>(compareNodes);
  open.push({ layer: 0, positions: startOf(cluster), hops: 0, lateness: 0, before: null, introduces: [] });
  for (let taken = open.take(); taken; taken = open.take()) {
    const node = taken;
    const { layer, positions } = node;
    const key = `${layer} ${keyOf(positions)}`;
    if (done.has(key)) continue;
    done.add(key);
    if (layer === lastLayer && keyOf(positions) === goal) return routeOf(problem, node);
    forEachMove(problem, cluster, positions, path.isOpen[layer]!, (to, hop, after) => {
      if (hop && allowed && !allowed.has(to)) return;
      open.push({
        layer,
        positions: after,
        hops: node.hops + (hop ? 1 : 0),
        lateness: node.lateness + latenessOf(path, layer),
        before: node,
        introduces: [{ at: layer, id: to, lockstep: false }],
      });
    });
    const next = path.labels[layer + 1];
    if (!next?.move) continue;
    const after = cross(problem, cluster, positions, next.move, path.between[layer + 1]!);
    if (!after) continue;
    const staged = after.filter((id, index) => id !== positions[index]);
    const introduces = [...new Set(staged)].map((id) => ({ at: layer + 1, id, lockstep: true }));
    open.push({ ...node, layer: layer + 1, positions: after, before: node, introduces });
  }
  return null;
}

/** Before every app that it can precede, but after the services that can go first. */
function latenessOf({ epochs }: Path, layer: number): number {
  const epoch = epochs[layer]!;
  const servicesToCome = epochs.filter((other, index) => index > layer && other === epoch).length;
  return epoch * epochs.length + servicesToCome;
}

function compareNodes(a: Node, b: Node): number {
  return a.hops - b.hops || a.lateness - b.lateness || a.layer - b.layer;
}

function routeOf(problem: Problem, last: Node): Route {
  const introductions: FirmwareIntroduction[] = [];
  for (let node: Node | null = last; node; node = node.before) introductions.unshift(...node.introduces);
  const versions = new Set(introductions.map(({ id }) => id));
  return { introductions, hops: [...versions].filter((id) => isHop(problem, id)).length };
}
