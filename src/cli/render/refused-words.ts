import type { RolloutView } from "../../rollout/engine/describe-rollout.ts";

/** What was to stop something and was refused: `to stop offering app@4.2.0: the store says no`. */
export function refusedWords({ refused }: RolloutView): string[] {
  return Object.entries(refused).map(([key, message]) => `${deedWords(key)}: ${message.replace(/\.$/, "")}`);
}

function deedWords(key: string): string {
  const [kind = "", ...rest] = key.split(":");
  const what = rest.join(":");
  if (kind === "halt") return `to stop offering ${what}`;
  return kind === "cancel" ? `to take back assignment ${what}` : key;
}
