import type { Random } from "../../../src/base/random.ts";
import { IotctlError } from "../../../src/base/errors.ts";
import type { ServiceDeployer } from "../../../src/rollout/rollout-ports.ts";
import type { ArtifactStore } from "../../../src/storage/artifact-store.ts";
import type { Storefront } from "../../../src/storefronts/storefront.ts";
import type { Call } from "./model-fleet.ts";
import type { ModelWorld } from "./model-world.ts";

export interface Refusals {
  readonly random: Random;
  /** The chance that a deployment or a store refuses for good. */
  readonly chance: number;
}

/** The app stores of a model world. */
export function modelStorefront(
  world: ModelWorld,
  call: Call,
  refusals: Refusals,
  storeCounts: boolean,
): Storefront {
  const published = new Set<string>();
  return {
    name: "model",
    publish: ({ component, version }) =>
      call("publish", () => {
        mayRefuse(refusals, "IOT_STOREFRONT_REFUSED", `${component}@${version}`);
        published.add(`${component}@${version}`);
        world.did({ kind: "publish", component, version });
      }),
    expose: (component, version, percent) =>
      call("expose", () => {
        if (!published.has(`${component}@${version}`)) throw new Error("it was not published");
        world.did({ kind: "expose", component, version, percent });
        const shown = world.shown(component, version);
        if (!shown) {
          world.shelfOf(component).push({ version, percent, halted: false, shownAtMs: world.nowMs });
        } else if (percent > shown.percent && !shown.halted) shown.percent = percent;
      }),
    halt: (component, version) =>
      call("halt", () => {
        mayRefuse(refusals, "IOT_STOREFRONT_REFUSED", `halting ${component}@${version}`);
        world.did({ kind: "halt", component, version });
        const shown = world.shown(component, version);
        if (shown) shown.halted = true;
      }),
    status: (component) =>
      call("status", () => ({
        releases: world.shelfOf(component).map(({ halted, percent, version }) => ({
          version,
          state: halted ? ("halted" as const) : ("exposed" as const),
          percent,
        })),
        installed: storeCounts ? countUsers(world, component) : null,
      })),
  };
}

/** What deploys the services of a model world. */
export function modelDeployer(world: ModelWorld, call: Call, refusals: Refusals): ServiceDeployer {
  return {
    deploy: (component, version) =>
      call("deploy", () => {
        world.did({ kind: "deploy", component, version });
        world.services[component] = version;
        mayRefuse(refusals, "IOT_SERVICE_DEPLOY_FAILED", `${component}@${version}`);
      }),
  };
}

function mayRefuse(
  { chance, random }: Refusals,
  code: "IOT_SERVICE_DEPLOY_FAILED" | "IOT_STOREFRONT_REFUSED",
  what: string,
): void {
  if (chance > 0 && random.next() < chance) throw new IotctlError(code, `${what} is refused`);
}

function countUsers({ devices }: ModelWorld, component: string): { version: string; users: number }[] {
  const counts = new Map<string, number>();
  for (const { phones } of devices) {
    for (const phone of phones) {
      if (phone.component === component) counts.set(phone.version, (counts.get(phone.version) ?? 0) + 1);
    }
  }
  return [...counts].map(([version, users]) => ({ version, users }));
}

/** Every blob is its own digest. */
export const smallStore: ArtifactStore = {
  name: "model",
  location: "memory",
  putBlob: async () => "present",
  async *openBlob(digest) {
    yield Buffer.from(digest);
  },
  hasBlob: async () => true,
  publish: async () => "present",
  resolve: async () => null,
  list: async () => [],
};
