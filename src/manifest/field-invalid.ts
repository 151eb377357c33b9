import { IotctlError } from "../base/errors.ts";

const problemsMax = 20;

/** IOT_FIELD_INVALID with everything that is wrong with a field file, as sentences. */
export function fieldInvalid(path: string, problems: readonly string[]): IotctlError {
  const shown = problems.slice(0, problemsMax);
  const more = problems.length - shown.length;
  const lines = [...shown, ...(more > 0 ? [`... and ${more} more.`] : [])].map((line) => `  ${line}`);
  return new IotctlError("IOT_FIELD_INVALID", `${path} does not describe a field:\n${lines.join("\n")}`, {
    hints: ['Write it like this: {"app-ios": ["4.1.0"], "fan": {"1.8.0": "20%", "1.9.4": "80%"}}'],
    details: { path, problems: shown },
  });
}
