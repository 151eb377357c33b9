import type { Gate } from "../../manifest/release.ts";
import type { RolloutConfig } from "./state.ts";

/** The gate that a stage names; undefined where there is none, whatever the name is. */
export function gateNamed({ gates }: RolloutConfig, name: string): Gate | undefined {
  return Object.hasOwn(gates, name) ? gates[name] : undefined;
}
