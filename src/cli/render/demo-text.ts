import { relative } from "node:path";
import type { DemoResult } from "../demo/run-demo.ts";
import { rolloutText } from "./rollout-text.ts";

/** How the demo ended and what to look at. */
export function demoText(result: DemoResult, nowMs: number, entry: string): string {
  const { agents, dir, meetings, rollout } = result;
  const place = relative(process.env["PWD"] ?? "", dir) || dir;
  // Run from a checkout, there is no iotctl on the PATH yet.
  const alias = entry.endsWith("dev.js") ? `alias iotctl="${process.execPath} ${entry}"` : null;
  return [
    rolloutText(rollout, nowMs),
    "",
    `Phones met devices ${meetings.total} times; ${meetings.incompatible} of these pairs did not fit.`,
    ...agents.map(({ answers, id }) => `The firmware of ${id}, a real process, answers ${answers}`),
    "",
    `Look around: cd ${place}`,
    ...(alias === null ? [] : [`  ${alias}`]),
    "  iotctl rollout history     every decision and what it rested on",
    "  iotctl rollout status      how it ended",
    "  iotctl verify              the signed bundle, every byte of it",
    "  cat release.yaml           what was asked for",
    ...(rollout.status === "completed" ? ["The other story: iotctl demo --fault bad-firmware"] : []),
  ].join("\n");
}
