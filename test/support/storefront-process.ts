import { seededRandom } from "../../src/base/random.ts";
import { systemClock } from "../../src/base/clock.ts";
import { startStorefrontServer } from "../../src/simulation/storefront-server.ts";

/** Run as a process of its own, to be killed: a storefront in the directory named by the first argument. */
const { url } = await startStorefrontServer({
  dir: process.argv[2]!,
  clock: systemClock,
  random: seededRandom(process.pid),
  timeScale: 3_600_000,
  adoptionMeanMs: 3_600_000 * 200,
  visitIntervalMs: 3_600_000 * 100,
  eagerPercent: 0,
  reviewDelayMs: 0,
});
process.stdout.write(`${url}\n`);
