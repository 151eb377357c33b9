import type { DdiExecution } from "../ddi/wire.ts";
import type { DdiClient } from "./ddi-client.ts";
import { isServerError } from "./server-errors.ts";

/** Tells the server where an update stands, each thing once. */
export class ProgressReport {
  readonly #ddi: DdiClient;
  #last = "";

  constructor(ddi: DdiClient) {
    this.#ddi = ddi;
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
