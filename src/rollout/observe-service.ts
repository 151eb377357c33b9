import { IotctlError, messageOf } from "../base/errors.ts";
import { requestJson } from "../base/json-request.ts";

const timeoutMs = 10_000;
const limitBytes = 1_000_000;

/**
 * The version a service says it runs: the member `field` (dots go deeper) of the JSON at `url`; null
 * when the answer has no such member. Throws IOT_SERVICE_UNREACHABLE.
 */
export async function observeService(
  component: string,
  observe: { readonly url: string; readonly field: string },
): Promise<string | null> {
  const answer = await requestJson(observe.url, { method: "GET", timeoutMs, limitBytes }).catch(
    (error: unknown) => {
      throw unreachable(component, observe.url, messageOf(error));
    },
  );
  if (answer.status !== 200) throw unreachable(component, observe.url, `status ${answer.status}`);
  let value: unknown = answer.value;
  for (const key of observe.field.split(".")) {
    value =
      value !== null && typeof value === "object"
        ? Object.entries(value).find(([name]) => name === key)?.[1]
        : undefined;
  }
  return typeof value === "string" ? value : null;
}

function unreachable(component: string, url: string, why: string): IotctlError {
  return new IotctlError(
    "IOT_SERVICE_UNREACHABLE",
    `${component} does not tell its version at ${url}: ${why}.`,
    {
      hints: [`Look at it: curl ${url}`],
      details: { component, url },
    },
  );
}
