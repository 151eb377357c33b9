import { IotctlError, messageOf } from "../../base/errors.ts";
import { type JsonAnswer, requestJson } from "../../base/json-request.ts";
import type { MetricAnswer, MetricSource } from "../metric-source.ts";
import { readAnswer } from "./read-answer.ts";

const limitBytes = 1024 * 1024;

export interface PrometheusOptions {
  /** Base address of a Prometheus, or of what speaks its HTTP API. */
  readonly url: string;
  /** Gives the bearer token when there is one to send; what it throws is what a query throws. */
  readonly token?: () => string;
  /** For one query, there and back. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Metrics behind the HTTP API of Prometheus. */
export class PrometheusSource implements MetricSource {
  readonly name = "prometheus";
  readonly #base: string;
  readonly #url: string;
  readonly #token: (() => string) | undefined;
  readonly #timeoutMs: number;

  constructor({ url, token, timeoutMs = 10_000 }: PrometheusOptions) {
    this.#base = url.replace(/\/+$/, "");
    this.#url = queryUrl(url);
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  async query(query: string, atMs: number): Promise<MetricAnswer> {
    const token = this.#token?.();
    const { status, value } = await this.#ask(query, atMs, token);
    if (status === 401 || status === 403) return { problem: `the server lets nobody in, status ${status}` };
    const answer = readAnswer(status, value);
    return "problem" in answer ? { ...answer, problem: withoutToken(answer.problem, token) } : answer;
  }

  async #ask(query: string, atMs: number, token: string | undefined): Promise<JsonAnswer> {
    try {
      return await requestJson(this.#url, {
        method: "POST",
        // The server gives up when nobody waits for its answer any more.
        body: new URLSearchParams({
          query,
          time: String(atMs / 1000),
          timeout: `${this.#timeoutMs}ms`,
        }),
        ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
        timeoutMs: this.#timeoutMs,
        limitBytes,
      });
    } catch (error) {
      // The cause stays out: it may quote the header with the token.
      throw new IotctlError(
        "IOT_METRICS_UNREACHABLE",
        `Prometheus at ${this.#base} gives no answer: ${withoutToken(reasonOf(error), token)}.`,
        { hints: [`See what is there: curl '${this.#url}?query=1'`], details: { url: this.#url } },
      );
    }
  }
}

/** A server may repeat what it was sent. */
function withoutToken(text: string, token: string | undefined): string {
  return token ? text.replaceAll(token, "[token]") : text;
}

function queryUrl(base: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/api/v1/query`;
  return url.href;
}

function reasonOf(error: unknown): string {
  const reason = messageOf(error instanceof TypeError && error.cause !== undefined ? error.cause : error);
  // Node repeats the address, which the sentence names already.
  return reason.replace(/^(\w+ E[A-Z_]+) .*$/, "$1") || "no connection";
}
