import type { DdiExecution } from "../ddi/wire.ts";
import type { DdiClient } from "./ddi-client.ts";
import { isServerError } from "./server-errors.ts";
import { type UpdateState, updateStates } from "./update-states.ts";

/** Tells the server where an update stands, each thing once. */
export class ProgressReport {
  readonly #ddi: DdiClient;
  #last = "";

  constructor(ddi: DdiClient) {
    this.#ddi = ddi;
  }

  /** What the table has the device say on entering a state, if anything. */
  async tellState(actionId: string, state: UpdateState): Promise<void> {
    const { report } = updateStates[state];
    if (report) await this.tell(actionId, report.execution, report.message);
  }

  /** The end of staging as servers take it; offered again, it is told again only after a restart. */
  tellStaged({ actionId, version }: { readonly actionId: string; readonly version: string }): Promise<void> {
    return this.tell(actionId, "downloaded", `${version} is in the spare slot, ready to be installed`);
  }

  /** A server that is away does not hear it: progress is never worth an update. */
  async tell(actionId: string, execution: DdiExecution, message: string): Promise<void> {
    const text = `${actionId} ${execution} ${message}`;
    if (text === this.#last) return;
    const status = { execution, result: { finished: "none" }, details: [message] } as const;
    try {
      await this.#ddi.feedback("deploymentBase", actionId, { status });
      this.#last = text;
    } catch (error) {
      if (!isServerError(error)) throw error;
    }
  }
}
