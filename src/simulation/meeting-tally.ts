import type { ComponentVersion } from "../compat/relation.ts";
import type { Meeting } from "../storefronts/local/wire.ts";

/** Counts which app version met which device version: what proves that no incompatible pair ever did. */
export class MeetingTally {
  readonly #meetings = new Map<string, { -readonly [Key in keyof Meeting]: Meeting[Key] }>();

  add(app: ComponentVersion, device: Meeting["device"], answering: boolean): void {
    const { component, staged = null, version } = device;
    const key = JSON.stringify([app.component, app.version, component, version, staged, answering]);
    const known = this.#meetings.get(key);
    if (known) known.count++;
    else this.#meetings.set(key, { app, device, answering, count: 1 });
  }

  /** Sorted by app, then device, so that equal tallies look equal. */
  meetings(): Meeting[] {
    return [...this.#meetings]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, meeting]) => ({ ...meeting }));
  }
}
