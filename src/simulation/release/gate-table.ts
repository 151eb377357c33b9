import { type Admission, admitDevice } from "../../compat/device-gate.ts";
import type { ComponentVersion, Relation } from "../../compat/relation.ts";
import type { FirmwareStep } from "../../rollout/engine/firmware-step.ts";
import type { RolloutConfig } from "../../rollout/engine/state.ts";
import { leadsOn, waysToTarget } from "../../rollout/engine/way-to-target.ts";
import type { GuardQueues } from "./guard-queues.ts";
import type { Lineup } from "./lineup.ts";

/** What the gate answers for all devices that are alike. */
export const answer = {
  notAsked: 0,
  admitted: 1,
  /** Admitted, and it ends an incompatible pair. */
  repairs: 2,
  /** No image for the device, not on its way to the target, or not installable over what runs there. */
  unfit: 3,
  /** Something that the device meets has to change first; higher numbers tell which queue it waits in. */
  waits: 4,
} as const;

/**
 * The device gate of one firmware step, asked once for each kind of device: hardware, installed
 * firmware and paired app. A million devices are of a few dozen kinds, so each gets the answer of the
 * real gate at the price of looking it up.
 */
export class GateTable {
  readonly #step: FirmwareStep;
  readonly #lineup: Lineup;
  readonly #relation: Relation;
  readonly #peers: readonly ComponentVersion[];
  readonly #queues: GuardQueues;
  readonly #answers: Uint8Array;
  readonly #ways: readonly ReadonlyMap<string, number>[];

  constructor(options: {
    readonly step: FirmwareStep;
    readonly lineup: Lineup;
    readonly relation: Relation;
    readonly config: RolloutConfig;
    /** Services that a device meets. */
    readonly peers: readonly ComponentVersion[];
    readonly queues: GuardQueues;
  }) {
    const { config, lineup, peers, queues, relation, step } = options;
    this.#step = step;
    this.#lineup = lineup;
    this.#relation = relation;
    this.#peers = peers;
    this.#queues = queues;
    this.#ways = lineup.models.map((model) => waysToTarget(config, step.component, model, relation));
    this.#answers = new Uint8Array(lineup.models.length * lineup.firmwares.length * lineup.apps.length);
  }

  ask(model: number, installed: number, pairedApp: number): number {
    const { apps, firmwares } = this.#lineup;
    const kind = (model * firmwares.length + installed) * apps.length + pairedApp;
    const known = this.#answers[kind]!;
    if (known !== answer.notAsked) return known;
    const fresh = this.#judge(model, installed, pairedApp);
    this.#answers[kind] = fresh;
    return fresh;
  }

  #judge(model: number, installed: number, pairedApp: number): number {
    const { apps, firmwares, models } = this.#lineup;
    const { component, staged, version } = this.#step;
    const running = firmwares[installed]!;
    const ways = this.#ways[model];
    if (running.component !== component || !ways || !leadsOn(ways, running.version, version)) {
      return answer.unfit;
    }
    // An image that only lies ready meets nobody.
    const pairedApps = staged || pairedApp === 0 ? [] : [apps[pairedApp]!];
    const peers = staged ? [] : this.#peers;
    const admission = admitDevice({
      device: { hardware: models[model] ?? "", installed: running.version, pairedApps, peers, busy: false },
      target: { component, version },
      relation: this.#relation,
      rollback: false,
    });
    return this.#answerOf(admission, [...pairedApps, ...peers]);
  }

  #answerOf({ admitted, reasons, repairs }: Admission, meets: readonly ComponentVersion[]): number {
    if (admitted) return repairs ? answer.repairs : answer.admitted;
    if (reasons.some(({ code }) => code !== "incompatible")) return answer.unfit;
    const clashes = meets.find((peer) => this.#relation.verdict(this.#step, peer).kind !== "compatible");
    const { component, version } = this.#step;
    const range = this.#relation.facts(component, version)?.requires[clashes?.component ?? ""] ?? "";
    return (
      answer.waits + this.#queues.numberOf({ component, version, peer: clashes?.component ?? "", range })
    );
  }
}
