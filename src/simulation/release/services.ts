import type { ComponentVersion, LiveSets, Relation } from "../../compat/relation.ts";
import type { PlanStep } from "../../planner/plan.ts";
import { kindOf, retirementsPassed } from "../../rollout/engine/release-kinds.ts";
import type { RolloutState } from "../../rollout/engine/state.ts";

/** What the services of a product run. */
export class Services {
  readonly #relation: Relation;
  #version = 0;
  readonly #live = new Map<string, string[]>();

  constructor(components: readonly string[], field: LiveSets, relation: Relation) {
    this.#relation = relation;
    for (const component of components) this.#live.set(component, [...(field[component] ?? [])]);
  }

  /** Rises with every change. */
  get version(): number {
    return this.#version;
  }

  get components(): readonly string[] {
    return [...this.#live.keys()];
  }

  /** The new version takes the place of the old, unless the service goes on serving that too. */
  deploy(component: string, version: string): void {
    this.#version++;
    const keeps = this.#relation.facts(component, version)?.keepsVersions ?? false;
    this.#live.set(component, [...(keeps ? (this.#live.get(component) ?? []) : []), version]);
  }

  /** A version is switched off. */
  end(component: string, version: string): void {
    const live = this.#live.get(component) ?? [];
    if (!live.includes(version)) return;
    this.#version++;
    this.#live.set(
      component,
      live.filter((each) => each !== version),
    );
  }

  /** The version that a client would disagree with: the newest, when none that runs fits; null when one does. */
  misfit(component: string, client: ComponentVersion): ComponentVersion | null {
    const live = (this.#live.get(component) ?? []).map((version) => ({ component, version }));
    const fits = live.some((each) => this.#relation.verdict(each, client).kind === "compatible");
    return fits ? null : (live.at(-1) ?? null);
  }
}

/** Service versions that a rollout has retired: with the deployment of the next, or later, as the plan waited for it. */
export function servicesEnded(state: RolloutState): PlanStep[] {
  const { config, deployed } = state;
  const { steps } = config.plan;
  const replaced = steps.filter(({ action, component }, index) => {
    const previous = steps[index - 1];
    const isNext = previous?.action === "introduce" && previous.component === component;
    return action === "retire" && isNext && deployed[component] === previous.version;
  });
  return [...replaced, ...retirementsPassed(state)].filter(
    ({ component }) => kindOf(config, component) === "service",
  );
}
