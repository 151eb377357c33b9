import type { DdiCancelAction, DdiDeployment, DdiFeedback, DdiPollRoot } from "../ddi/wire.ts";

/**
 * The server as a device sees it. Every call throws IOT_AGENT_SERVER_UNREACHABLE when there is no
 * answer and IOT_AGENT_SERVER_ANSWER when it is not the one that DDI promises.
 */
export interface DdiClient {
  poll(): Promise<DdiPollRoot>;
  putAttributes(attributes: Readonly<Record<string, string>>): Promise<void>;
  /** Null when the server no longer offers it. */
  deployment(href: string): Promise<DdiDeployment | null>;
  /** Null when the server no longer wants to cancel. */
  cancelAction(href: string): Promise<DdiCancelAction | null>;
  /** No error when the action is closed already or not known: nobody waits for the feedback. */
  feedback(kind: "deploymentBase" | "cancelAction", actionId: string, feedback: DdiFeedback): Promise<void>;
  /** A small document, whole: a signed release. */
  document(href: string): Promise<Uint8Array>;
  /** The bytes of an artifact from `offset` on; `fromByte` is where the answer really begins. */
  download(
    href: string,
    offset: number,
  ): Promise<{ readonly fromByte: number; readonly body: AsyncIterable<Uint8Array> }>;
}
