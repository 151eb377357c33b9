import { isRecord, type Parsed } from "./parsed.ts";
import type { DdiExecution, DdiFeedback } from "./wire.ts";

const executions = [
  "closed",
  "proceeding",
  "canceled",
  "scheduled",
  "rejected",
  "resumed",
  "downloaded",
  "download",
] as const satisfies readonly DdiExecution[];
const results = ["success", "failure", "none"] as const;

/** hawkBit's bound on messages of one status; of longer lists the last ones say how it ended. */
const detailsMax = 50;

/**
 * Reads the body of a feedback POST (deploymentBase and cancelAction). `status.execution` and
 * `status.result.finished` are required; members nobody knows (`id`, `time`, …) are ignored; a
 * single string is taken for a list of `details`. A malformed progress counter or code is dropped:
 * it decides nothing, and the report around it may be the only one.
 */
export function parseFeedback(body: unknown): Parsed<DdiFeedback> {
  const status = isRecord(body) ? body["status"] : undefined;
  if (!isRecord(status)) return { problem: "status must be an object" };
  const execution = executions.find((known) => known === status["execution"]);
  if (!execution) return { problem: `status.execution must be one of ${executions.join(", ")}` };
  if (!isRecord(status["result"])) return { problem: "status.result must be an object" };
  const { finished, progress } = status["result"];
  const result = results.find((known) => known === finished);
  if (!result) return { problem: `status.result.finished must be one of ${results.join(", ")}` };
  const details = readDetails(status["details"]);
  if (!details) return { problem: "status.details must be a list of strings" };
  return {
    value: {
      status: {
        execution,
        result: { finished: result, ...readProgress(progress) },
        ...(Number.isSafeInteger(status["code"]) && { code: status["code"] as number }),
        details,
      },
    },
  };
}

function readDetails(details: unknown): readonly string[] | null {
  if (details === undefined || details === null) return [];
  if (typeof details === "string") return [details];
  if (!Array.isArray(details) || !details.every((line) => typeof line === "string")) return null;
  return details.slice(-detailsMax);
}

function readProgress(progress: unknown): {
  readonly progress?: { readonly cnt: number; readonly of: number };
} {
  if (!isRecord(progress)) return {};
  const { cnt, of } = progress;
  return Number.isSafeInteger(cnt) && Number.isSafeInteger(of)
    ? { progress: { cnt: cnt as number, of: of as number } }
    : {};
}
