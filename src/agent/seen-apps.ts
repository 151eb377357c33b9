import type { Clock } from "../base/clock.ts";
import type { ComponentVersion } from "../compat/relation.ts";
import type { StateStorage } from "./state-storage.ts";

interface Sighting extends ComponentVersion {
  readonly phone: string;
  readonly seenAtMs: number;
}

/** Beyond it the phone that was silent longest is forgotten. */
const maxPhones = 256;
/** How old the time of a sighting may be on disk: writing each visit down would wear it out. */
const saveEveryMs = 3_600_000;

/** Which app version each phone had when it last talked to this device. */
export class SeenApps {
  readonly #storage: StateStorage;
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #sightings: Map<string, Sighting>;
  #savedAtMs = 0;

  /** `windowMs`: how long a phone that stays away still counts. */
  constructor(options: { readonly storage: StateStorage; readonly clock: Clock; readonly windowMs: number }) {
    this.#storage = options.storage;
    this.#clock = options.clock;
    this.#windowMs = options.windowMs;
    this.#sightings = new Map(parseSightings(this.#storage.read()).map((one) => [keyOf(one), one]));
  }

  record(visit: ComponentVersion & { readonly phone: string }): void {
    const sighting: Sighting = {
      phone: visit.phone,
      component: visit.component,
      version: visit.version,
      seenAtMs: this.#clock.now(),
    };
    const key = keyOf(sighting);
    const before = this.#sightings.get(key);
    // Deleting first keeps the map in the order of the last visit.
    this.#sightings.delete(key);
    this.#sightings.set(key, sighting);
    const [longestSilent] = this.#sightings.keys();
    if (this.#sightings.size > maxPhones && longestSilent !== undefined)
      this.#sightings.delete(longestSilent);
    if (before?.version !== sighting.version || sighting.seenAtMs - this.#savedAtMs >= saveEveryMs)
      this.#save();
  }

  /** Versions seen within the window, each once, in a stable order. */
  lately(): ComponentVersion[] {
    const since = this.#clock.now() - this.#windowMs;
    const versions = new Map<string, ComponentVersion>();
    for (const { component, version, seenAtMs } of this.#sightings.values()) {
      if (seenAtMs >= since) versions.set(`${component}@${version}`, { component, version });
    }
    return [...versions].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, version]) => version);
  }

  #save(): void {
    this.#savedAtMs = this.#clock.now();
    this.#storage.write(JSON.stringify([...this.#sightings.values()]));
  }
}

function keyOf({ phone, component }: { readonly phone: string; readonly component: string }): string {
  return `${phone} ${component}`;
}

function parseSightings(text: string | null): Sighting[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value)
      ? value.filter((one) => typeof one?.version === "string").slice(-maxPhones)
      : [];
  } catch {
    // Sightings come back with the next visits; the update gate asks the fleet's side as well.
    return [];
  }
}
