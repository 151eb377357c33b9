// Replays one seed of the rollout simulation and tells what happens: npm run sim -- --seed 42 --verbose
import { parseArgs } from "node:util";
import { engine } from "./many-seeds.ts";
import { InvariantBroken } from "./invariant-broken.ts";
import { scenarioOf } from "./scenario.ts";
import { simulateRollout } from "./simulate-rollout.ts";

const { seed: text, verbose } = parseArgs({
  options: { seed: { type: "string" }, verbose: { type: "boolean", default: false } },
}).values;
const seed = Number(text);
if (!Number.isSafeInteger(seed)) {
  process.stderr.write("Say which: npm run sim -- --seed 42 [--verbose]\n");
  process.exit(2);
}
const { config, devices, healthy, latecomers } = scenarioOf(seed);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(
  `Seed ${seed}: ${devices.length} devices, ${latecomers.length} that join late, ${config.pairing} pairing`,
);
if (healthy) say("Nothing is wrong with anybody or anything.");
for (const { action, component, staged, version } of config.plan.steps)
  say(`  ${staged ? "lay ready" : action} ${component}@${version}`);
for (const { approvalsRequired, bakeMs, gates, name, waves, windows } of config.stages) {
  const details = [
    `${waves.length} waves`,
    `bake ${bakeMs / 60_000} min`,
    `gates ${gates.join(", ") || "none"}`,
  ];
  if (approvalsRequired > 0) details.push(`${approvalsRequired} approvals`);
  if (windows) details.push(`windows ${JSON.stringify(windows)}`);
  say(`  stage ${name}: ${details.join(", ")}`);
}
const odd = Map.groupBy(devices, ({ nature }) => nature);
say(`  natures: ${[...odd].map(([nature, those]) => `${those.length} ${nature}`).join(", ")}`);
try {
  const { events, records, status } = await simulateRollout(seed, engine, verbose ? say : undefined);
  say(`${status} after ${records.length} records`);
  say(
    `  ${
      Object.entries(events)
        .map(([what, times]) => `${what} ${times}`)
        .join(", ") || "nothing went wrong"
    }`,
  );
} catch (error) {
  say(error instanceof InvariantBroken ? `BROKEN: ${error.message}` : String(error));
  process.exitCode = 1;
}
