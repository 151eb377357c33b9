import {
  type Cluster,
  closure,
  clustersOf,
  type CoreMove,
  cross,
  goalOf,
  keyOf,
  opennessOf,
  type Place,
  type Reach,
  stagedBetween,
  startOf,
  stepCost,
} from "./cluster.ts";
import { compareParts, type Part, type VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";
import { peersFit, type Stage } from "./stage.ts";
import { TooLargeError } from "./too-large-error.ts";

/** A point of the search: a stage, and where each cluster can be when it is reached. */
export interface Label {
  readonly stage: Stage;
  readonly reach: readonly Reach[];
  readonly before: Label | null;
  /** What led here from the label before. */
  readonly move: CoreMove | null;
  readonly appIntroductions: number;
  /** App versions that were retired for what comes later. */
  readonly retired: readonly VersionId[];
  /** Services that were introduced, for none comes back. */
  readonly services: readonly VersionId[];
}

/** Which of the app versions that can be retired, beside their successor, are; one list for each way to go on. */
export type RetirementChoices = (replaced: readonly VersionId[]) => readonly (readonly VersionId[])[];

/** So many positions are looked at in all before a search gives up rather than run for ever. */
const effortMax = 5_000_000;

/** Retires whatever can be retired: nothing makes more orders possible. */
export const retireAll: RetirementChoices = (replaced) => [replaced];

/** The steps from one point of an order of apps and services to the next, carrying along where all firmware can be. */
export class OrderSearch {
  readonly problem: Problem;
  readonly clusters: readonly Cluster[];
  /** Services and apps that have to move away from something. */
  readonly core: readonly Part[];
  #effort = 0;

  constructor(problem: Problem) {
    this.problem = problem;
    this.clusters = clustersOf(problem, true);
    this.core = problem.parts
      .filter(
        ({ kind, moves, old, targetLives }) => kind !== "firmware" && moves && old.length > 0 && !targetLives,
      )
      .toSorted(compareParts);
  }

  /** The points at which an order can begin: what lives, less what is retired first. */
  starts(choices: RetirementChoices): Label[] {
    let beginnings: { stage: Stage; retired: readonly VersionId[] }[] = [
      { stage: this.problem.parts.map(() => []), retired: [] },
    ];
    for (const part of this.problem.parts) {
      if (part.kind === "firmware" || part.old.length === 0) continue;
      const options = part.kind === "app" ? appsAtFirst(part, choices) : servicesAtFirst(part);
      beginnings = beginnings.flatMap(({ retired, stage }) =>
        options.map((option) => ({
          stage: stage.with(part.index, option.live),
          retired: [...retired, ...option.retired],
        })),
      );
    }
    return beginnings.map(({ retired, stage }) => {
      const isOpen = opennessOf(this.problem, stage);
      const reach = this.clusters.map((cluster) =>
        this.#closure(cluster, [{ positions: startOf(cluster), cost: 0 }], isOpen),
      );
      return { stage, reach, before: null, move: null, appIntroductions: 0, retired, services: [] };
    });
  }

  hasArrived({ reach, stage }: Label): boolean {
    return (
      this.core.every(({ index, target }) => stage[index]!.at(-1) === target) &&
      this.clusters.every((cluster, index) => reach[index]!.has(keyOf(goalOf(cluster))))
    );
  }

  /** Every label that one change of apps and services leads to; `lockstep` allows for joint ones. */
  *expand(label: Label, lockstep: boolean, choices: RetirementChoices): Generator<Label> {
    const apps: VersionId[][] = [];
    for (const part of this.core) {
      const possible = this.successors(part, label);
      if (part.kind === "app") apps.push(possible);
      for (const id of possible) {
        if (peersFit(this.problem, label.stage, id)) {
          yield* this.#follow(label, { introduces: [id], lockstep: false }, choices);
        }
      }
    }
    if (!lockstep) return;
    for (const introduces of combinations(apps)) {
      const fit = (id: VersionId): boolean =>
        peersFit(this.problem, label.stage, id) && introduces.every((other) => this.problem.fits(id, other));
      if (introduces.every(fit)) yield* this.#follow(label, { introduces, lockstep: true }, choices);
    }
  }

  /** What may follow the version that a part is on. */
  successors(part: Part, { services, stage }: Pick<Label, "services" | "stage">): VersionId[] {
    const current = stage[part.index]!.at(-1)!;
    if (current === part.target) return [];
    return [part.target!, ...part.hops].filter(
      (id) =>
        id !== current &&
        (part.kind === "service" ? !services.includes(id) : id > current) &&
        this.problem.fitsAlways(id),
    );
  }

  *#follow(label: Label, move: CoreMove, choices: RetirementChoices): Generator<Label> {
    const joint = [...label.stage];
    let { appIntroductions, services } = label;
    const replaced: VersionId[] = [];
    for (const id of move.introduces) {
      const { index, kind } = this.problem.partOf(id);
      joint[index] = [...label.stage[index]!, id];
      if (kind === "app") {
        appIntroductions++;
        replaced.push(...label.stage[index]!);
      } else services = [...services, id];
    }
    const between = opennessOf(this.problem, joint);
    const across: Place[][] = [];
    for (const [index, cluster] of this.clusters.entries()) {
      const entries: Place[] = [];
      for (const { cost, positions } of label.reach[index]!.values()) {
        const after = cross(this.problem, cluster, positions, move, between);
        if (!after) continue;
        const staged = after === positions ? 0 : stagedBetween(positions, after).length;
        entries.push({ positions: after, cost: cost + staged * stepCost });
      }
      if (entries.length === 0) return;
      across.push(entries);
    }
    for (const gone of choices(replaced)) {
      const stage = joint.map((live, index) => {
        if (this.problem.parts[index]!.kind === "service") return live.slice(-1);
        return live.filter((id) => !gone.includes(id));
      });
      const isOpen = opennessOf(this.problem, stage);
      const reach = this.clusters.map((cluster, index) => this.#closure(cluster, across[index]!, isOpen));
      const retired = [...label.retired, ...gone];
      yield { stage, reach, before: label, move, appIntroductions, retired, services };
    }
  }

  #closure(cluster: Cluster, from: readonly Place[], isOpen: (id: VersionId) => boolean): Reach {
    const reach = closure(this.problem, cluster, from, isOpen);
    this.#effort += reach.size;
    if (this.#effort > effortMax) throw new TooLargeError();
    return reach;
  }
}

interface Beginning {
  readonly live: readonly VersionId[];
  readonly retired: readonly VersionId[];
}

/** All but the highest can be retired at once, and that one too where the target lives already. */
function appsAtFirst({ old, targetLives }: Part, choices: RetirementChoices): Beginning[] {
  const replaced = targetLives ? old : old.slice(0, -1);
  return choices(replaced).map((retired) => ({ live: old.filter((id) => !retired.includes(id)), retired }));
}

/** Whoever uses one version of a service can be brought to any other that lives. */
function servicesAtFirst({ old, targetLives }: Part): Beginning[] {
  return targetLives ? [{ live: [], retired: [] }] : old.map((id) => ({ live: [id], retired: [] }));
}

/** One version, or none, of each list; at least one, the fewest first. */
function combinations(lists: readonly (readonly VersionId[])[]): VersionId[][] {
  let found: VersionId[][] = [[]];
  for (const list of lists) found = found.flatMap((chosen) => [chosen, ...list.map((id) => [...chosen, id])]);
  return found.filter((chosen) => chosen.length > 0).toSorted((a, b) => a.length - b.length);
}
