import { Agent, type AgentPorts } from "../agent/agent.ts";
import type { Visit, VisitAnswer } from "../agent/app-link.ts";
import { installFactoryImage } from "../agent/factory-image.ts";
import { MemorySlotStorage, type SlotsSnapshot } from "../agent/memory-slot-storage.ts";
import { MemoryStateStorage } from "../agent/memory-state-storage.ts";
import { SeenApps } from "../agent/seen-apps.ts";
import type { UpdateState } from "../agent/update-states.ts";
import type { ImagePool } from "./image-pool.ts";
import { VirtualPayloadRunner } from "./virtual-payload-runner.ts";
import type { VirtualPrograms } from "./virtual-programs.ts";

/** How a virtual device behaves: away from the network for a while, polling rarely, or with a flash that takes no new image. */
export type Personality = "steady" | "offline" | "slow" | "failing";

/** What a device keeps over a restart of the fleet. */
export interface KeptDevice {
  readonly personality: Personality;
  readonly journal: string | null;
  readonly apps: string | null;
  readonly slots: SlotsSnapshot;
}

export interface VirtualDeviceStatus {
  readonly id: string;
  readonly hardware: string;
  /** What its firmware says it is; null while it is down. */
  readonly version: string | null;
  readonly state: UpdateState;
  /** The version that waits in its spare slot. */
  readonly staged: string | null;
  readonly personality: Personality;
}

interface VirtualDeviceOptions {
  readonly id: string;
  readonly hardware: string;
  readonly component?: string;
  /** What it leaves the factory with. */
  readonly factory: { readonly image: Uint8Array; readonly version: string };
  readonly personality: Personality;
  readonly kept?: KeptDevice;
  readonly seenAppsWindowMs: number;
  readonly pool: ImagePool;
  readonly programs: VirtualPrograms;
  readonly ports: Pick<AgentPorts, "ddi" | "verifyRelease" | "clock" | "log">;
  readonly onChange: () => void;
}

/** An image in memory is healthy at once or never. */
const limits = { trialMs: 2000, steadyMs: 0 };

/** One device in memory on the agent's own core. */
export class VirtualDevice {
  readonly id: string;
  readonly hardware: string;
  readonly personality: Personality;
  readonly agent: Agent;
  readonly #journal: MemoryStateStorage;
  readonly #appsStorage: MemoryStateStorage;
  readonly #apps: SeenApps;
  readonly #slots: MemorySlotStorage;
  readonly #payload: VirtualPayloadRunner;

  constructor(options: VirtualDeviceOptions) {
    const { id, hardware, component, factory, kept, pool, programs, ports, onChange } = options;
    this.id = id;
    this.hardware = hardware;
    this.personality = kept?.personality ?? options.personality;
    this.#journal = new MemoryStateStorage(kept?.journal, onChange);
    this.#appsStorage = new MemoryStateStorage(kept?.apps, onChange);
    this.#slots = new MemorySlotStorage({ share: pool.share, ...(kept && { snapshot: kept.slots }) });
    this.#apps = new SeenApps({
      storage: this.#appsStorage,
      clock: ports.clock,
      windowMs: options.seenAppsWindowMs,
    });
    const refusesNew = this.personality === "failing";
    this.#payload = new VirtualPayloadRunner({ slots: this.#slots, programs, refusesNew });
    installFactoryImage(this.#journal, this.#slots, { ...factory, ...(component && { component }) });
    this.agent = new Agent(
      { hardware, limits, ...(component && { component }) },
      { ...ports, state: this.#journal, slots: this.#slots, payload: this.#payload, apps: this.#apps },
    );
  }

  async visit(visit: Visit): Promise<VisitAnswer> {
    this.#apps.record(visit);
    return { device: this.id, hardware: this.hardware, ...(await this.agent.running()) };
  }

  status(): VirtualDeviceStatus {
    const health = this.#payload.healthNow();
    return {
      id: this.id,
      hardware: this.hardware,
      version: health.kind === "healthy" ? health.version : null,
      state: this.agent.state?.state ?? "idle",
      staged: this.agent.state?.staged?.version ?? null,
      personality: this.personality,
    };
  }

  keep(): KeptDevice {
    return {
      personality: this.personality,
      journal: this.#journal.read(),
      apps: this.#appsStorage.read(),
      slots: this.#slots.snapshot(),
    };
  }
}
