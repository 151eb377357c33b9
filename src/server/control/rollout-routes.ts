import { recordIn } from "../../rollout/journal/chain.ts";
import type { JournalRecord } from "../../rollout/journal/journal.ts";
import { isRolloutId } from "../../rollout/journal/rollout-ids.ts";
import type { Fleet } from "../fleet.ts";
import { Refusal } from "../refusal.ts";
import { replyJson } from "../reply.ts";
import { readBody } from "../request-body.ts";
import type { Exchange, Route } from "../router.ts";
import { recordBytesMax, type RecordPage } from "./control-api.ts";
import { type Control, operatorRoute, pageOf } from "./operator-route.ts";

/** An answer ends at the first record that makes it longer. */
const pageCharsMax = 4 * 1024 * 1024;

/** Journals of rollouts: list, read, append. Their content is the business of whoever decides; the chain is held here too. */
export function rolloutRoutes(control: Control): Route[] {
  const { fleet } = control;
  return [
    operatorRoute(control, "GET", "/rollouts", (exchange) => {
      const { after, limit } = pageOf(exchange);
      const rollouts = fleet.rollouts.page(after, limit);
      const next = rollouts.length === limit ? (rollouts.at(-1)?.id ?? null) : null;
      replyJson(exchange.response, 200, { rollouts, next });
    }),
    operatorRoute(control, "GET", "/rollouts/{rollout}/records", (exchange) => {
      const id = rolloutIdOf(exchange);
      const from = seqOf(exchange.query.get("from") ?? "1");
      const rollout = fleet.rollouts.find(id);
      if (!rollout) throw new Refusal(404, "rollout-unknown", `There is no rollout ${id}.`);
      const records = fleet.rollouts.records(rollout.row, from, pageOf(exchange).limit, pageCharsMax);
      replyJson(exchange.response, 200, { records, newest: rollout.newest } satisfies RecordPage);
    }),
    operatorRoute(control, "PUT", "/rollouts/{rollout}/records/{seq}", (exchange) => append(fleet, exchange)),
  ];
}

async function append(fleet: Fleet, exchange: Exchange): Promise<void> {
  const id = rolloutIdOf(exchange);
  const seq = seqOf(exchange.params["seq"] ?? "");
  const content = (await readBody(exchange, recordBytesMax)).toString("utf8");
  const record = recordIn(content);
  if (record?.seq !== seq || !Number.isSafeInteger(record.at)) {
    throw new Refusal(400, "malformed-record", `The body is not record ${seq} of a journal.`);
  }
  const result = await fleet.commit.run(() => fleet.rollouts.append(id, record, content));
  if (typeof result === "object") throw misplaced(record, result.problem);
  if (result === "taken") throw new Refusal(409, "record-taken", `Another record ${seq} is there already.`);
  replyJson(exchange.response, result === "appended" ? 201 : 200, { result });
}

function misplaced({ seq }: JournalRecord, problem: string): Refusal {
  return new Refusal(409, "record-misplaced", `Record ${seq} does not fit the chain: ${problem}.`);
}

function rolloutIdOf({ params }: Exchange): string {
  const id = params["rollout"] ?? "";
  if (!isRolloutId(id)) {
    throw new Refusal(400, "malformed-rollout", "A rollout id has 1 to 200 characters of [A-Za-z0-9_.@+-].");
  }
  return id;
}

function seqOf(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw new Refusal(400, "malformed-seq", "A record has a number from 1 on.");
  return Number(text);
}
