import type { Clock } from "../../base/clock.ts";
import type { ErrorCode } from "../../base/error-codes.ts";
import { IotctlError, messageOf } from "../../base/errors.ts";
import { type JsonAnswer, requestJson } from "../../base/json-request.ts";
import type { Refusal } from "./wire.ts";

export interface StorefrontClientOptions {
  /** Base address, as `address.json` has it. */
  readonly url: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** How long to wait altogether for a review to end before saying that it has not. */
  readonly reviewWaitMs: number;
}

const attemptsMax = 4;
const firstRetryMs = 100;
const limitBytes = 1 << 20;

/** Talks to the local storefront: bounded retries while it is busy or away, refusals as errors. */
export class StorefrontClient {
  readonly #options: StorefrontClientOptions;

  constructor(options: StorefrontClientOptions) {
    this.#options = options;
  }

  /** Throws IOT_STOREFRONT_UNREACHABLE, _CONFLICT, _REFUSED or _IN_REVIEW. */
  async request(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> {
    const giveUpAtMs = this.#options.clock.now() + this.#options.reviewWaitMs;
    for (;;) {
      const answer = await this.#exchange(method, path, body);
      if (answer.status === 200 && isObject(answer.value)) return answer.value;
      const refusal = refusalOf(answer);
      if (refusal === null)
        throw this.#unreachable(`something else answers there, with status ${answer.status}`);
      const waitMs = Math.max(refusal.retryAfterMs ?? 0, firstRetryMs);
      if (refusal.reason !== "in-review" || this.#options.clock.now() + waitMs > giveUpAtMs) {
        throw this.#refused(refusal);
      }
      await this.#options.clock.sleep(waitMs);
    }
  }

  /** One exchange, tried again while the storefront is away or busy: every call may be repeated. */
  async #exchange(method: "GET" | "POST", path: string, body: unknown): Promise<JsonAnswer> {
    const { url, clock, timeoutMs } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await requestJson(new URL(path, url).href, { method, body, timeoutMs, limitBytes });
        if (refusalOf(answer)?.reason !== "busy") return answer;
        if (attempt === attemptsMax) throw new Error("it is busy");
      } catch (error) {
        if (attempt === attemptsMax) throw this.#unreachable(reasonOf(error), error);
      }
      await clock.sleep(firstRetryMs * 2 ** (attempt - 1));
    }
  }

  #unreachable(reason: string, cause?: unknown): IotctlError {
    return new IotctlError(
      "IOT_STOREFRONT_UNREACHABLE",
      `The storefront at ${this.#options.url} cannot be used: ${reason}.`,
      { hints: ["Start one: iotctl dev storefront"], cause },
    );
  }

  #refused({ reason, message }: Refusal["error"]): IotctlError {
    const code = refusalCodes[reason];
    return code === undefined ? this.#unreachable(message) : new IotctlError(code, message);
  }
}

/** What a refusal means to a caller; any other reason is no answer to what was asked. */
const refusalCodes: { readonly [Reason in Refusal["error"]["reason"]]?: ErrorCode } = {
  conflict: "IOT_STOREFRONT_CONFLICT",
  "in-review": "IOT_STOREFRONT_IN_REVIEW",
  refused: "IOT_STOREFRONT_REFUSED",
};

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function refusalOf({ value }: JsonAnswer): Refusal["error"] | null {
  const error = (value as Partial<Refusal> | null | undefined)?.error;
  return typeof error?.reason === "string" && typeof error.message === "string" ? error : null;
}

/** What `fetch` hides one level down: "fetch failed" says nothing, its cause says ECONNREFUSED. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof TypeError && error.cause !== undefined ? error.cause : error);
}
