import { otherSlot, type Slot, type SlotStorage } from "./slot-storage.ts";
import type { StateStorage } from "./state-storage.ts";
import { isUpdateState, type UpdateState, updateStates } from "./update-states.ts";

/** What a device remembers over power cuts. Plain JSON. */
export interface DeviceState {
  readonly schemaVersion: 1;
  readonly state: UpdateState;
  /** The image accepted last; null while nothing was ever installed. */
  readonly installed: InstalledImage | null;
  /** Images that this device accepted, oldest first: the ones it may be brought back to. */
  readonly committed: readonly { readonly version: string; readonly digest: string }[];
  /** The highest security counter of those; absent: 0, as in what agents wrote before they knew of it. */
  readonly securityCounter?: number;
  /** Images that failed here, never tried again. */
  readonly knownBad: readonly { readonly digest: string; readonly reason: string }[];
  /** The image that waits in the spare slot, whole and proved; null when there is none or an update is under way. */
  readonly staged: StagedImage | null;
  /** The update under way; null when idle. */
  readonly update: Update | null;
}

export interface StagedImage {
  /** The action that brought it. */
  readonly actionId: string;
  readonly slot: Slot;
  readonly component: string;
  readonly version: string;
  readonly digest: string;
}

export interface InstalledImage {
  readonly slot: Slot;
  /** Component in the signed release; null for a factory image. */
  readonly component: string | null;
  readonly version: string;
  readonly digest: string;
}

export interface UpdateTarget {
  readonly actionId: string;
  /** `stage`: the image is only kept ready. */
  readonly purpose: "install" | "stage";
  readonly component: string;
  readonly version: string;
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly sizeBytes: number;
  /** Of the image, as the signed release says; absent: 0. */
  readonly securityCounter?: number;
}

export interface Update extends UpdateTarget {
  /** Where the new image goes. */
  readonly slot: Slot;
  /** Starts of the new image that are left; counted down before each start. */
  readonly triesLeft: number;
  /** Starts of the agent in the middle of this update that are left. */
  readonly restartsLeft: number;
  /** Download attempts that are left. */
  readonly downloadsLeft: number;
  readonly outcome: { readonly finished: "success" | "failure"; readonly message: string } | null;
}

const remembered = 16;

/** The state of a device with every change written down before it counts. */
export class DeviceJournal {
  readonly #storage: StateStorage;
  #state: DeviceState;

  private constructor(storage: StateStorage, state: DeviceState) {
    this.#storage = storage;
    this.#state = state;
  }

  /**
   * Reads the journal. One that cannot be read is replaced by what the slots themselves say; null
   * when nothing was ever written.
   */
  static load(
    storage: StateStorage,
    slots: SlotStorage,
    warn: (message: string) => void,
  ): DeviceJournal | null {
    const text = storage.read();
    if (text === null) return null;
    const state = parseDeviceState(text);
    if (state) return new DeviceJournal(storage, state);
    const installed = lastCommittedImage(slots);
    warn(`the journal cannot be read, going on with ${installed ? `slot ${installed.slot}` : "nothing"}`);
    const journal = DeviceJournal.create(storage, installed);
    if (installed) slots.switchTo(installed.slot);
    return journal;
  }

  static create(storage: StateStorage, installed: InstalledImage | null): DeviceJournal {
    const committed = installed ? [{ version: installed.version, digest: installed.digest }] : [];
    const journal = new DeviceJournal(storage, emptyState);
    journal.#write({ ...emptyState, installed, committed });
    return journal;
  }

  get state(): DeviceState {
    return this.#state;
  }

  /** The update under way. Throws when there is none: a step asked outside its state. */
  get update(): Update {
    if (!this.#state.update) throw new Error(`no update in state ${this.#state.state}`);
    return this.#state.update;
  }

  /** Writes down the move to `next` and what changes in the update with it. */
  move(next: UpdateState, changes: Partial<Update> = {}): void {
    this.#write({ ...this.#moved(next), update: { ...this.update, ...changes } });
  }

  accept(target: UpdateTarget, tries: Pick<Update, "triesLeft" | "restartsLeft" | "downloadsLeft">): void {
    const slot = this.#state.installed ? otherSlot(this.#state.installed.slot) : "a";
    const update = { ...target, ...tries, slot, outcome: null };
    this.#write({ ...this.#moved("accepted"), staged: null, update });
  }

  /** Changes numbers of the update without a move. */
  count(changes: Pick<Partial<Update>, "restartsLeft" | "downloadsLeft">): void {
    this.#write({ ...this.#state, update: { ...this.update, ...changes } });
  }

  /** The new image becomes the installed one, in the same write as the move. */
  commit(): void {
    const { slot, component, version, digest } = this.update;
    const counter = Math.max(this.#state.securityCounter ?? 0, this.update.securityCounter ?? 0);
    const committed = [
      ...this.#state.committed.filter((image) => image.digest !== digest),
      { version, digest },
    ];
    this.#write({
      ...this.#moved("committed"),
      installed: { slot, component, version, digest },
      committed: committed.slice(-remembered),
      ...(counter > 0 && { securityCounter: counter }),
    });
  }

  /** The new image becomes a known bad one, in the same write as the move. */
  revert(reason: string): void {
    const { digest } = this.update;
    const knownBad = [...this.#state.knownBad.filter((image) => image.digest !== digest), { digest, reason }];
    this.#write({
      ...this.#moved("reverting"),
      knownBad: knownBad.slice(-remembered),
      update: { ...this.update, outcome: { finished: "failure", message: reason } },
    });
  }

  /** The image of the update waits in its slot from now on, and the update is over. */
  keepStaged(): void {
    const { actionId, slot, component, version, digest } = this.update;
    const staged = { actionId, slot, component, version, digest };
    this.#write({ ...this.#moved("idle"), staged, update: null });
  }

  /** Nothing waits in the spare slot any more, whatever bytes are there. */
  forgetStaged(): void {
    this.#write({ ...this.#state, staged: null });
  }

  /** The update is over, or given up before anything changed. */
  rest(): void {
    this.#write({ ...this.#moved("idle"), update: null });
  }

  #moved(next: UpdateState): DeviceState {
    const { state } = this.#state;
    if (!updateStates[state].next.includes(next)) throw new Error(`no move from ${state} to ${next}`);
    return { ...this.#state, state: next };
  }

  #write(state: DeviceState): void {
    this.#storage.write(JSON.stringify(state));
    this.#state = state;
  }
}

const emptyState: DeviceState = {
  schemaVersion: 1,
  state: "idle",
  installed: null,
  committed: [],
  knownBad: [],
  staged: null,
  update: null,
};

/** The image to run when the journal is lost: the slot switched to if it was ever accepted, else the other. */
function lastCommittedImage(slots: SlotStorage): InstalledImage | null {
  const first = slots.current() ?? "a";
  for (const slot of [first, otherSlot(first)]) {
    const record = slots.record(slot);
    if (record?.committed && slots.seal(slot) === record.digest) {
      return { slot, component: null, version: record.version, digest: record.digest };
    }
  }
  return null;
}

/** Agents that could not stage wrote neither of the two. */
type WrittenState = Omit<DeviceState, "staged" | "update"> & {
  readonly staged?: StagedImage | null;
  readonly update: (Omit<Update, "purpose"> & Partial<Pick<Update, "purpose">>) | null;
};

function parseDeviceState(text: string): DeviceState | null {
  try {
    const value = JSON.parse(text) as WrittenState;
    const whole =
      value.schemaVersion === 1 &&
      isUpdateState(value.state) &&
      Array.isArray(value.committed) &&
      Array.isArray(value.knownBad) &&
      (value.state === "idle" || typeof value.update?.digest === "string");
    if (!whole) return null;
    const { update, staged = null } = value;
    return { ...value, staged, update: update && { ...update, purpose: update.purpose ?? "install" } };
  } catch {
    return null;
  }
}
