import { IotctlError } from "../base/errors.ts";
import type { DiagnosticLog } from "./diagnostic-log.ts";
import { formatDiagnostics } from "./format-diagnostics.ts";

/**
 * The error for a manifest whose log has errors, with all of them in the message and in `details`:
 * IOT_ARTIFACT_MISSING when artifacts are all that is wrong, IOT_MANIFEST_INVALID otherwise.
 */
export function manifestError(log: DiagnosticLog): IotctlError {
  const { diagnostics, dropped, file, source } = log;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const onlyArtifacts = errors.every(({ code }) => code === "IOT_MANIFEST_ARTIFACT_MISSING");
  const count = errors.length + dropped;
  const message = [
    `${file} has ${count} ${count === 1 ? "problem" : "problems"}.`,
    formatDiagnostics(diagnostics, source),
    ...(dropped > 0 ? [`... and ${dropped} more.`] : []),
  ].join("\n\n");
  return new IotctlError(onlyArtifacts ? "IOT_ARTIFACT_MISSING" : "IOT_MANIFEST_INVALID", message, {
    details: { diagnostics, dropped },
  });
}
