import type { ComponentVersion } from "../../compat/relation.ts";
import type { RolloutConfig } from "../../rollout/engine/state.ts";
import { numberOf, rangeOf } from "./lineup.ts";
import type { SimulationModel } from "./simulation-model.ts";
import type { SiteWorld } from "./site-world.ts";
import type { Exposure } from "./users.ts";

/** The people around one rollout: reviewers of the stores, those who approve a stage or raise a floor. */
export class People {
  readonly #model: SimulationModel["people"];
  readonly #publishedAtS = new Map<string, number>();
  readonly #inReview: { readonly atS: number; readonly exposure: Exposure }[] = [];
  readonly #raised = new Map<string, number | "done">();
  #askedFor: string | null = null;
  #askedAtS = 0;

  constructor(model: SimulationModel["people"]) {
    this.#model = model;
  }

  /** Whether some app is going to be shown later. */
  get isBusy(): boolean {
    return this.#inReview.length > 0;
  }

  publish({ component, version }: ComponentVersion, nowS: number): void {
    this.#publishedAtS.set(`${component}@${version}`, nowS);
  }

  /** Shows a version to a share of its users, not before the store has reviewed it. */
  expose(
    { component, percent, version }: ComponentVersion & { readonly percent: number },
    config: RolloutConfig,
    world: SiteWorld,
  ): void {
    const [lowest, highest] = rangeOf(world.lineup.apps, component);
    const exposure = {
      component,
      version,
      app: numberOf(world.lineup.apps, { component, version }),
      lowest,
      highest,
      percent,
      phased: config.resolved.components[component]?.platform === "ios",
    };
    const publishedAtS = this.#publishedAtS.get(`${component}@${version}`) ?? world.nowS;
    this.#inReview.push({ atS: publishedAtS + this.#model.reviewS, exposure });
    this.show(world.nowS, world);
  }

  /** Shows what has been reviewed by now. */
  show(nowS: number, { users }: SiteWorld): void {
    const due = this.#inReview.filter(({ atS }) => atS <= nowS);
    for (const { exposure } of due) users.show(exposure, nowS);
    this.#inReview.splice(0, this.#inReview.length, ...this.#inReview.filter(({ atS }) => atS > nowS));
  }

  halt({ component, version }: ComponentVersion, { lineup, users }: SiteWorld): void {
    const left = this.#inReview.filter(({ exposure }) => exposure.component !== component);
    this.#inReview.splice(0, this.#inReview.length, ...left);
    const [lowest] = rangeOf(lineup.apps, component);
    users.halt(numberOf(lineup.apps, { component, version }), lowest);
  }

  /** Whether a stage has waited for its approval for long enough; null: none waits. */
  approves(stage: string | null, nowS: number): boolean {
    if (stage !== this.#askedFor) this.#askedAtS = nowS;
    this.#askedFor = stage;
    if (stage === null || nowS - this.#askedAtS < this.#model.approvalS) return false;
    this.#askedFor = null;
    return true;
  }

  /** Raises a hard floor once the retirement below it has been waited for long enough; true when it did. */
  raises(floor: ComponentVersion, nowS: number, { lineup, users }: SiteWorld): boolean {
    const name = `${floor.component}@${floor.version}`;
    const since = this.#raised.get(name);
    if (since === undefined) this.#raised.set(name, nowS);
    if (since === undefined || since === "done" || nowS - since < this.#model.floorAfterS) return false;
    this.#raised.set(name, "done");
    users.force(numberOf(lineup.apps, floor), rangeOf(lineup.apps, floor.component)[0], nowS);
    return true;
  }
}
