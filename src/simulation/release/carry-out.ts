import type { Effect } from "../../rollout/engine/effects.ts";
import type { RolloutConfig } from "../../rollout/engine/state.ts";
import { numberOf } from "./lineup.ts";
import type { People } from "./people.ts";
import { siteOf } from "./sites.ts";
import type { SiteWorld } from "./site-world.ts";

/** Does in a virtual world what a rollout decided. */
export function carryOut(effect: Effect, config: RolloutConfig, world: SiteWorld, people: People): void {
  switch (effect.kind) {
    case "deploy-service":
      return world.services.deploy(effect.component, effect.version);
    case "publish-app":
      return people.publish(effect, world.nowS);
    case "expose-app":
      return people.expose(effect, config, world);
    case "halt-app":
      return people.halt(effect, world);
    case "cancel":
      return takeBack(config, world);
    case "assign": {
      const firmware = numberOf(world.lineup.firmwares, effect);
      for (const id of effect.deviceIds) {
        world.devices.assign(siteOf(id), firmware, effect.staged ?? false, world.nowS);
      }
      return;
    }
    // What a simulated release comes to is told from where it stopped.
    case "plan-way-back":
      return;
  }
}

/** Takes back every firmware that a rollout has assigned and devices have not begun. */
export function takeBack({ plan }: RolloutConfig, { devices, lineup }: SiteWorld): void {
  devices.cancel(new Set(plan.steps.map((step) => numberOf(lineup.firmwares, step))));
}
