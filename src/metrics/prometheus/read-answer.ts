import { type MetricAnswer, noSeries } from "../metric-source.ts";

/** Of what a server says, as much is told as fits into a sentence. */
const wordsMax = 300;

/**
 * What an answer of Prometheus's `/api/v1/query` comes to: the number of a scalar, or of a vector with
 * one sample. Source: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
 */
export function readAnswer(status: number, value: unknown): MetricAnswer {
  if (!isObject(value) || (value["status"] !== "success" && value["status"] !== "error")) {
    return { problem: `something else than Prometheus answers, with status ${status}` };
  }
  if (value["status"] === "error") {
    const problem = `${String(value["errorType"])}: ${String(value["error"])}`.slice(0, wordsMax);
    return value["errorType"] === "bad_data" ? { problem, refused: true } : { problem };
  }
  const data = isObject(value["data"]) ? value["data"] : {};
  const { result, resultType } = data;
  switch (resultType) {
    case "scalar":
      return numberOf(result);
    case "vector":
      return sampleOf(Array.isArray(result) ? result : []);
    case "matrix":
      return {
        problem: "a range of samples, where a gate takes one number: drop the [range]",
        refused: true,
      };
    case "string":
      return { problem: "text, where a gate takes a number", refused: true };
    default:
      return { problem: `a result that is no number: ${String(resultType).slice(0, wordsMax)}` };
  }
}

function sampleOf(samples: readonly unknown[]): MetricAnswer {
  if (samples.length === 0) return { problem: noSeries };
  if (samples.length > 1) {
    return { problem: `${samples.length} series match, where a gate takes one number, such as their sum()` };
  }
  return numberOf(isObject(samples[0]) ? samples[0]["value"] : undefined);
}

/** Numbers come as text beside their time. */
function numberOf(sample: unknown): MetricAnswer {
  const text: unknown = Array.isArray(sample) ? sample[1] : undefined;
  if (typeof text !== "string") return { problem: "a sample that is no number" };
  const isDecimal = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text);
  const value = isDecimal ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { value } : { problem: `the number is ${text.slice(0, wordsMax)}` };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
