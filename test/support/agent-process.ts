// A real agent in a process of its own: `node agent-process.ts <json of AgentProcessOptions>`. SIGTERM ends it.
import { readFileSync } from "node:fs";
import { runAgent } from "../../src/agent/run-agent.ts";
import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { trustedKeyFromPem } from "../../src/signing/trusted-key.ts";

export interface AgentProcessOptions {
  readonly serverUrl: string;
  readonly deviceId: string;
  readonly token: string;
  readonly dir: string;
  readonly keyFile: string;
  readonly payloadPort: number;
  readonly factoryImage: string;
}

const options = JSON.parse(process.argv[2] ?? "") as AgentProcessOptions;
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
await runAgent({
  ...options,
  hardware: "fan-a1",
  factory: { imageFile: options.factoryImage, version: "1.9.4" },
  trustedKeys: [trustedKeyFromPem(readFileSync(options.keyFile, "utf8"))],
  limits: { trialMs: 1500, steadyMs: 200 },
  clock: systemClock,
  random: seededRandom(1),
  log: (message) => console.error(message),
  signal: stopping.signal,
});
