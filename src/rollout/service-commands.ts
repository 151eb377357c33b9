import { execa, ExecaError } from "execa";
import type { Clock } from "../base/clock.ts";
import { IotctlError } from "../base/errors.ts";
import { observeService } from "./observe-service.ts";
import type { ServiceDeployer, ServiceSettings } from "./rollout-ports.ts";

const deployTimeoutMs = 30 * 60_000;
/** A command that says more than this is not what it seems, and is ended. */
const outputBytesMax = 100_000_000;
/** How much of the end of its output an error keeps. */
const outputKept = 2000;
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
    const { deploy, observe } = settings;
    // A turn that is repeated after a crash must not restart a service that is there already.
    if (observe && (await seenVersion(component, observe)) === version) return;
    if (deploy !== undefined) await runCommand(component, version, deploy, settings.cwd);
    if (observe) await this.#waitUntilSeen(component, version, observe);
  }

  async #waitUntilSeen(
    component: string,
    version: string,
    observe: NonNullable<ServiceSettings["observe"]>,
  ): Promise<void> {
    for (let tries = 1; tries < observeTries; tries++) {
      if ((await seenVersion(component, observe)) === version) return;
      await this.#clock.sleep(observeIntervalMs);
    }
    const seen = await observeService(component, observe);
    if (seen === version) return;
    throw new IotctlError(
      "IOT_SERVICE_NOT_DEPLOYED",
      `${component} should run ${version}, but ${observe.url} answers ${seen ?? "no version"}.`,
      {
        hints: [`Deploy ${component} ${version}, then: iotctl rollout advance`],
        details: { component, version, seen },
      },
    );
  }
}

/** Null also while the service does not answer, which is what restarting looks like. */
async function seenVersion(
  component: string,
  observe: NonNullable<ServiceSettings["observe"]>,
): Promise<string | null> {
  return observeService(component, observe).catch((error: unknown) => {
    if (error instanceof IotctlError && error.code === "IOT_SERVICE_UNREACHABLE") return null;
    throw error;
  });
}

async function runCommand(component: string, version: string, command: string, cwd: string): Promise<void> {
  try {
    await execa(command, {
      shell: true,
      cwd,
      stdin: "ignore",
      timeout: deployTimeoutMs,
      killDescendants: true,
      maxBuffer: outputBytesMax,
      env: { IOTCTL_COMPONENT: component, IOTCTL_VERSION: version },
    });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const output = (error.stderr || error.stdout || "").trim().slice(-outputKept);
    throw new IotctlError(
      "IOT_SERVICE_DEPLOY_FAILED",
      `Deploying ${component} ${version} failed: ${error.shortMessage}${output === "" ? "" : `: ${output}`}`,
      {
        hints: [`Run it by hand: IOTCTL_COMPONENT=${component} IOTCTL_VERSION=${version} ${command}`],
        details: { component, version, output },
        cause: error,
      },
    );
  }
}
