import { systemClock } from "../../src/base/clock.ts";
import { startFleetServer } from "../../src/server/fleet-server.ts";

/** A fleet server in a process of its own, so that a test can kill it. Prints its address when it listens. */
const [dir = "", port = "0"] = process.argv.slice(2);
const server = await startFleetServer({ dir, port: Number(port), pollIntervalMs: 1000, clock: systemClock });
process.stdout.write(`${server.url}\n`);
