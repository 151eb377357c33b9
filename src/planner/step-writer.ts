import { formatComponentVersion } from "../compat/verdict.ts";
import { guardRange } from "./guard-range.ts";
import type { PlanStep } from "./plan.ts";
import { compareParts, type Group, type Part, type VersionId } from "./part.ts";
import type { Problem } from "./problem.ts";
import { canGuard } from "./stage.ts";

/** A step before it is explained. */
export interface DraftStep {
  readonly action: "introduce" | "retire";
  readonly id: VersionId;
  readonly replaces: readonly VersionId[];
  readonly guard: PlanStep["guard"];
  readonly staged: boolean;
  /** Retirements: whether the service that was just introduced has taken its place. */
  readonly atOnce: boolean;
  /** Retirements: what waits for it; null for those that are left to time. */
  readonly for: VersionId | null;
}

/** Thrown when an order turns out to leave devices behind; another one is taken then. */
export class StrandedError extends Error {}

/**
 * Writes the steps of an order down: introductions as they come, and before each the retirements
 * that it cannot do without, no sooner.
 */
export class StepWriter {
  readonly steps: DraftStep[] = [];
  readonly #problem: Problem;
  readonly #mayRetire: (app: VersionId) => boolean;
  readonly #live: Set<VersionId>[];
  readonly #introduced = new Set<VersionId>();
  readonly #coming: Set<VersionId>;
  /** Firmware that waits on every device, and the apps that bridge to it. */
  #lockstep: { readonly staged: readonly VersionId[]; readonly apps: readonly VersionId[] } | null = null;

  constructor(problem: Problem, mayRetire: (app: VersionId) => boolean, introductions: Iterable<VersionId>) {
    this.#coming = new Set(introductions);
    this.#problem = problem;
    this.#mayRetire = mayRetire;
    this.#live = problem.parts.map(
      ({ old, permanent, target, targetLives }) =>
        new Set([...permanent, ...old, ...(targetLives && target !== null ? [target] : [])]),
    );
  }

  /** Whether a version can be introduced now, and stands against nothing that is still to come. */
  fitsNow(id: VersionId): boolean {
    return (
      this.#obstacles(id).length === 0 && [...this.#coming].every((other) => this.#problem.fits(id, other))
    );
  }

  introduce(id: VersionId): void {
    this.#clearTheWay(id);
    this.#add(id);
  }

  /** Firmware that is brought to the devices first, the apps that can start it, then the firmware itself. */
  lockstep(apps: readonly VersionId[], staged: readonly VersionId[]): void {
    this.#lockstep = { staged, apps };
    for (const id of [...apps, ...staged]) this.#clearTheWay(id);
    for (const id of staged)
      this.#push({ action: "introduce", id, replaces: this.#replacedBy(id), staged: true });
    for (const id of [...apps, ...staged]) this.#add(id);
    this.#lockstep = null;
  }

  /** Everything that is not part of the release any more is left to time. */
  finish(): void {
    const parts = this.#problem.parts.filter(({ target }) => target !== null);
    for (const part of parts.toSorted(compareParts)) {
      for (const id of this.#movableOf(part)) if (this.#isLive(id)) this.#retire(id, null);
    }
  }

  #add(id: VersionId): void {
    const part = this.#problem.partOf(id);
    this.#push({ action: "introduce", id, replaces: this.#replacedBy(id), guard: this.#guardOf(id) });
    this.#live[part.index]!.add(id);
    this.#introduced.add(id);
    this.#coming.delete(id);
    if (part.kind !== "service" || this.#problem.keepsVersions(id)) return;
    for (const old of this.#movableOf(part)) if (old !== id) this.#retire(old, null, [], true);
  }

  #clearTheWay(id: VersionId): void {
    // Each turn retires at least one version, so this ends.
    for (let obstacles = this.#obstacles(id); obstacles.length > 0; obstacles = this.#obstacles(id)) {
      const [obstacle] = obstacles;
      if (!this.#movableOf(this.#problem.partOf(obstacle!)).includes(obstacle!)) throw new StrandedError();
      this.#retire(obstacle!, id);
    }
  }

  /** What lives, does not fit and can be neither guarded nor bridged; in the order in which it is best retired. */
  #obstacles(id: VersionId): VersionId[] {
    const found: VersionId[] = [];
    for (const part of this.#problem.partOf(id).coupled) {
      const live = this.#liveOf(part);
      for (const other of live) {
        if (this.#problem.fits(id, other) || this.#isBridged(id, other)) continue;
        if (canGuard(this.#problem, id, other, live)) continue;
        const canEnd = (app: VersionId): boolean => this.#mayRetire(app) && this.#hasSuccessor(part, app);
        // A guard would do, were it not for lower versions that fit and whose users may come to it.
        const lower =
          part.kind === "app" && !canEnd(other)
            ? live.find((each) => each < other && canEnd(each))
            : undefined;
        found.push(lower ?? other);
      }
    }
    return found;
  }

  #isBridged(id: VersionId, other: VersionId): boolean {
    const lockstep = this.#lockstep;
    if (!lockstep) return false;
    const [one, two] = this.#problem.partOf(id).kind === "app" ? [id, other] : [other, id];
    if (lockstep.apps.includes(one)) {
      const goal = this.#problem.partOf(two).target;
      if (goal === null || !lockstep.staged.includes(goal)) return false;
      const holds = this.#groupsOn(two).every(({ next }) => next.get(two)?.includes(goal));
      return holds && this.#problem.bridges(one, two);
    }
    // The old app waits at the guard that the new one opens.
    const part = this.#problem.partOf(one);
    const coming = lockstep.apps.filter((each) => this.#problem.partOf(each) === part);
    const live = [...this.#liveOf(part), ...coming];
    return lockstep.staged.includes(two) && coming.length > 0 && canGuard(this.#problem, two, one, live);
  }

  #guardOf(id: VersionId): PlanStep["guard"] {
    const held = this.#problem
      .partOf(id)
      .coupled.filter(
        (part) => part.kind === "app" && this.#liveOf(part).some((app) => !this.#problem.fits(id, app)),
      );
    if (this.#problem.partOf(id).kind !== "firmware" || held.length === 0) return null;
    return Object.fromEntries(held.map((part) => [part.component, guardRange(this.#problem, id, part)]));
  }

  /** Whoever can leave a version only through this one goes before; `pending` are those who wait for that. */
  #retire(
    id: VersionId,
    waitingFor: VersionId | null,
    pending: readonly VersionId[] = [],
    atOnce = false,
  ): void {
    const part = this.#problem.partOf(id);
    if (pending.includes(id)) throw new StrandedError();
    if (part.kind === "firmware") {
      for (const other of this.#movableOf(part)) {
        if (other !== id && this.#needs(other, id)) this.#retire(other, waitingFor, [...pending, id]);
      }
      if (!this.#canLeave(id, null)) throw new StrandedError();
    } else if (!this.#hasSuccessor(part, id)) {
      throw new StrandedError();
    }
    this.#live[part.index]!.delete(id);
    this.#push({ action: "retire", id, atOnce, for: waitingFor });
  }

  /** What is stuck is nobody's way out. */
  #hasSuccessor(part: Part, id: VersionId): boolean {
    const open = this.#liveOf(part).filter((other) => !part.permanent.includes(other));
    return open.some((other) => (part.kind === "app" ? other > id : other !== id));
  }

  /**
   * Whether devices on one version have to leave before another is retired: it is their only way out
   * now, and what stands in the way of them comes before the next.
   */
  #needs(version: VersionId, other: VersionId): boolean {
    if (!this.#canLeave(version, null) || this.#canLeave(version, other)) return false;
    const groups = this.#groupsOn(version);
    for (const id of this.#coming) {
      if (groups.every(({ next }) => next.get(version)?.includes(id))) return false;
      if (!this.#problem.fits(id, version) && !this.#problem.bridges(id, version)) return true;
    }
    return true;
  }

  #canLeave(version: VersionId, without: VersionId | null): boolean {
    const part = this.#problem.partOf(version);
    return this.#groupsOn(version).every(({ next }) =>
      (next.get(version) ?? []).some(
        (to) => to !== without && this.#introduced.has(to) && this.#live[part.index]!.has(to),
      ),
    );
  }

  /** Devices that run a version, or may have come to it by what was introduced. */
  #groupsOn(version: VersionId): Group[] {
    return this.#problem.groups.filter(({ next, part, start }) => {
      if (part !== this.#problem.partOf(version)) return false;
      const reached = new Set([start]);
      for (const at of reached)
        for (const to of next.get(at) ?? []) if (this.#introduced.has(to)) reached.add(to);
      return reached.has(version);
    });
  }

  #replacedBy(id: VersionId): VersionId[] {
    const part = this.#problem.partOf(id);
    if (part.kind !== "firmware") {
      return this.#movableOf(part).filter((other) => (part.kind === "app" ? other < id : other !== id));
    }
    return this.#liveOf(part).filter((other) =>
      this.#groupsOn(other).some(({ next }) => next.get(other)?.includes(id)),
    );
  }

  /** What lives and has to leave sooner or later. */
  #movableOf(part: Part): VersionId[] {
    return this.#liveOf(part).filter((id) => id !== part.target && !part.permanent.includes(id));
  }

  #liveOf(part: Part): VersionId[] {
    return [...this.#live[part.index]!].toSorted((a, b) => a - b);
  }

  #isLive(id: VersionId): boolean {
    return this.#live[this.#problem.partOf(id).index]!.has(id);
  }

  #push(step: Partial<DraftStep> & Pick<DraftStep, "action" | "id">): void {
    this.steps.push({ replaces: [], guard: null, staged: false, atOnce: false, for: null, ...step });
  }
}

/** `fan@2.0.0` */
export function nameOf(problem: Problem, id: VersionId): string {
  return formatComponentVersion({ component: problem.partOf(id).component, version: problem.versionOf(id) });
}
