import { formatPairedApps, type PairedApp } from "../ddi/paired-apps.ts";
import { deviceAttribute } from "../ddi/wire.ts";
import type { DdiClient } from "./ddi-client.ts";
import type { PayloadRunner } from "./payload-runner.ts";
import type { SeenApps } from "./seen-apps.ts";

/** Servers take no longer values. What is left out here, the device still asks about itself. */
const maxAttributeChars = 4096;

/** Tells the server what the device is, runs and has seen. */
export class DeviceAttributes {
  readonly #hardware: string;
  readonly #ports: { readonly ddi: DdiClient; readonly payload: PayloadRunner; readonly apps: SeenApps };
  #told: string | null = null;

  constructor(
    hardware: string,
    ports: { readonly ddi: DdiClient; readonly payload: PayloadRunner; readonly apps: SeenApps },
  ) {
    this.#hardware = hardware;
    this.#ports = ports;
  }

  /**
   * Sends the attributes when the server asks (`wanted`) or they are not what it was told last. The
   * version is the one the running payload says; while none answers, none is sent. Returns it.
   */
  async tell(wanted: boolean): Promise<string | null> {
    const health = await this.#ports.payload.health();
    const version = health.kind === "healthy" ? health.version : null;
    const attributes = {
      [deviceAttribute.hardware]: this.#hardware,
      ...(version !== null && { [deviceAttribute.version]: version }),
      [deviceAttribute.apps]: appsText(this.#ports.apps.lately()),
    };
    const text = JSON.stringify(attributes);
    if (wanted || text !== this.#told) {
      await this.#ports.ddi.putAttributes(attributes);
      this.#told = text;
    }
    return version;
  }
}

function appsText(apps: readonly PairedApp[]): string {
  const text = formatPairedApps(apps);
  if (text.length <= maxAttributeChars) return text;
  return text.slice(0, text.lastIndexOf(",", maxAttributeChars));
}
