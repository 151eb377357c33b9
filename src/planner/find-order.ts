import {
  type Cluster,
  closure,
  clustersOf,
  type CoreMove,
  cross,
  keyOf,
  opennessOf,
  type Positions,
  type Reach,
  startOf,
} from "./cluster.ts";
import type { Part, Problem, VersionId } from "./problem.ts";
import { fitsAlways, peersFit, type Stage } from "./stage.ts";
import { TooLargeError } from "./too-large-error.ts";

/** What an order may do. */
export interface Limits {
  /** Whether an app version that has been replaced goes on living until every introduction is over. */
  readonly keeps: (app: VersionId) => boolean;
  readonly appIntroductionsMax: number;
  readonly lockstep: boolean;
}

/** A point of the search: a stage, and where each cluster can be when it is reached. */
export interface Label {
  readonly stage: Stage;
  readonly reach: readonly Reach[];
  readonly before: Label | null;
  /** What led here from the label before. */
  readonly move: CoreMove | null;
  readonly appIntroductions: number;
  /** Services that were introduced, for none comes back. */
  readonly services: readonly VersionId[];
}

/** More points than this and the search gives up rather than run for ever. */
const labelsMax = 100_000;

/** Walks through the orders of apps and services, carrying along where all firmware can be. */
export class OrderSearch {
  readonly problem: Problem;
  readonly clusters: readonly Cluster[];
  /** Apps and services that have to move away from something. */
  readonly core: readonly Part[];
  #fitsAlways = new Map<VersionId, boolean>();

  constructor(problem: Problem) {
    this.problem = problem;
    this.clusters = clustersOf(problem, true);
    const order = { service: 0, app: 1, firmware: 2 } as const;
    this.core = problem.parts
      .filter(
        ({ kind, moves, old, targetLives }) => kind !== "firmware" && moves && old.length > 0 && !targetLives,
      )
      .toSorted((a, b) => order[a.kind] - order[b.kind] || a.index - b.index);
  }

  /** The order with the fewest introductions of apps, or null where there is none within the limits. */
  first(limits: Limits): Label | null {
    const byIntroductions = [this.starts(limits)];
    const seen = new Map<string, Label[]>();
    let count = 0;
    // Both lists grow while they are walked through.
    for (let introductions = 0; introductions < byIntroductions.length; introductions++) {
      for (const label of byIntroductions[introductions] ?? []) {
        if (this.hasArrived(label)) return label;
        if (isDominated(label, seen)) continue;
        if (++count > labelsMax) throw new TooLargeError("too many orders");
        for (const after of this.expand(label, limits))
          (byIntroductions[after.appIntroductions] ??= []).push(after);
      }
    }
    return null;
  }

  starts({ keeps }: Limits): Label[] {
    let stages: VersionId[][][] = [this.problem.parts.map(() => [])];
    for (const part of this.problem.parts) {
      if (part.kind === "firmware" || part.old.length === 0) continue;
      const kept = part.old.filter((id) => keeps(id));
      const options =
        part.kind === "app"
          ? [part.targetLives ? kept : [...new Set([...kept, part.old.at(-1)!])]]
          : part.targetLives
            ? [[]]
            : part.old.map((id) => [id]);
      stages = stages.flatMap((stage) => options.map((option) => stage.with(part.index, option)));
    }
    return stages.map((stage) => {
      const isOpen = opennessOf(this.problem, stage);
      const reach = this.clusters.map((cluster) =>
        closure(this.problem, cluster, [startOf(cluster)], isOpen),
      );
      return { stage, reach, before: null, move: null, appIntroductions: 0, services: [] };
    });
  }

  hasArrived({ reach, stage }: Label): boolean {
    return (
      this.core.every(({ index, target }) => stage[index]!.at(-1) === target) &&
      this.clusters.every((cluster, index) =>
        reach[index]!.has(keyOf(cluster.groups.map(({ part }) => part.target!))),
      )
    );
  }

  *expand(label: Label, limits: Limits): Generator<Label> {
    const apps: VersionId[][] = [];
    for (const part of this.core) {
      const current = label.stage[part.index]!.at(-1)!;
      const open = [part.target!, ...part.hops].filter(
        (id) => id !== current && (part.kind === "service" ? !label.services.includes(id) : id > current),
      );
      const possible = current === part.target ? [] : open.filter((id) => this.#canAlwaysFit(id));
      if (part.kind === "app") apps.push(possible);
      for (const id of possible) {
        if (!peersFit(this.problem, label.stage, id)) continue;
        const after = this.follow(label, { introduces: [id], lockstep: false }, limits);
        if (after) yield after;
      }
    }
    if (!limits.lockstep) return;
    for (const introduces of combinations(apps)) {
      if (!introduces.every((_, index) => this.#fitsInLockstep(label.stage, introduces, index))) continue;
      const after = this.follow(label, { introduces, lockstep: true }, limits);
      if (after) yield after;
    }
  }

  /** The label after a change of apps and services, or null where some devices cannot follow. */
  follow(label: Label, move: CoreMove, { appIntroductionsMax, keeps }: Limits): Label | null {
    const stage = [...label.stage];
    const joint = [...label.stage];
    let { appIntroductions, services } = label;
    for (const id of move.introduces) {
      const { index, kind } = this.problem.partOf(id);
      joint[index] = [...label.stage[index]!, id];
      if (kind === "app") {
        appIntroductions++;
        stage[index] = [...label.stage[index]!.filter((old) => keeps(old)), id];
      } else {
        services = [...services, id];
        stage[index] = [id];
      }
    }
    if (appIntroductions > appIntroductionsMax) return null;
    const between = opennessOf(this.problem, joint);
    const isOpen = opennessOf(this.problem, stage);
    const reach: Reach[] = [];
    for (const [index, cluster] of this.clusters.entries()) {
      const across: Positions[] = [];
      for (const positions of label.reach[index]!.values()) {
        const after = cross(this.problem, cluster, positions, move, between);
        if (after) across.push(after);
      }
      if (across.length === 0) return null;
      reach.push(closure(this.problem, cluster, across, isOpen));
    }
    return { stage, reach, before: label, move, appIntroductions, services };
  }

  #fitsInLockstep(stage: Stage, introduces: readonly VersionId[], index: number): boolean {
    const id = introduces[index]!;
    return peersFit(this.problem, stage, id) && introduces.every((other) => this.problem.fits(id, other));
  }

  #canAlwaysFit(id: VersionId): boolean {
    let fits = this.#fitsAlways.get(id);
    if (fits === undefined) this.#fitsAlways.set(id, (fits = fitsAlways(this.problem, id)));
    return fits;
  }
}

/** One version, or none, of each list; at least one. */
function combinations(lists: readonly (readonly VersionId[])[]): VersionId[][] {
  let found: VersionId[][] = [[]];
  for (const list of lists) found = found.flatMap((chosen) => [chosen, ...list.map((id) => [...chosen, id])]);
  return found.filter((chosen) => chosen.length > 0).toSorted((a, b) => a.length - b.length);
}

/** Whether another way to the same stage leaves at least the same choices; remembers the label if not. */
function isDominated(label: Label, seen: Map<string, Label[]>): boolean {
  const key = label.stage.map((live) => live.join()).join(" ");
  const others = seen.get(key) ?? [];
  if (others.some((other) => dominates(other, label))) return true;
  seen.set(key, [...others, label]);
  return false;
}

function dominates(a: Label, b: Label): boolean {
  return (
    a.appIntroductions <= b.appIntroductions &&
    a.services.every((id) => b.services.includes(id)) &&
    b.reach.every((reach, index) => {
      const other = a.reach[index]!;
      if (reach.size > other.size) return false;
      for (const key of reach.keys()) if (!other.has(key)) return false;
      return true;
    })
  );
}
