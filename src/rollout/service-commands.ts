import { execa, ExecaError } from "execa";
import type { Clock } from "../base/clock.ts";
import { IotctlError } from "../base/errors.ts";
import { observeService } from "./observe-service.ts";
import type { ServiceDeployer, ServiceSettings } from "./rollout-ports.ts";

const deployTimeoutMs = 30 * 60_000;
const outputBytesMax = 100_000;
/** A service may need a moment until it answers with its new version. */
const observeTries = 30;
const observeIntervalMs = 1000;

/** Deploys a service by the command of the manifest, then looks whether the version runs. */
export class ServiceCommands implements ServiceDeployer {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async deploy(component: string, version: string, settings: ServiceSettings): Promise<void> {
    if (settings.deploy !== undefined) await runCommand(component, version, settings.deploy, settings.cwd);
    if (settings.observe === undefined) return;
    let seen: string | null = null;
    for (let tries = 0; tries < observeTries; tries++) {
      seen = await observeService(component, settings.observe);
      if (seen === version) return;
      await this.#clock.sleep(observeIntervalMs);
    }
    throw new IotctlError(
      "IOT_SERVICE_NOT_DEPLOYED",
      `${component} should run ${version}, but ${settings.observe.url} answers ${seen ?? "no version"}.`,
      {
        hints: [`Deploy ${component} ${version}, then: iotctl rollout advance`],
        details: { component, version, seen },
      },
    );
  }
}

async function runCommand(component: string, version: string, command: string, cwd: string): Promise<void> {
  try {
    await execa(command, {
      shell: true,
      cwd,
      stdin: "ignore",
      timeout: deployTimeoutMs,
      maxBuffer: outputBytesMax,
      env: { IOTCTL_COMPONENT: component, IOTCTL_VERSION: version },
    });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const output = (error.stderr || error.stdout || "").trim();
    throw new IotctlError(
      "IOT_SERVICE_DEPLOY_FAILED",
      `Deploying ${component} ${version} failed: ${error.shortMessage}`,
      {
        hints: [`Run it by hand: IOTCTL_COMPONENT=${component} IOTCTL_VERSION=${version} ${command}`],
        details: { component, version, output: output.slice(-2000) },
        cause: error,
      },
    );
  }
}
