import { isLeaseWord } from "../identifiers.ts";
import { Refusal } from "../refusal.ts";
import { replyJson } from "../reply.ts";
import { readJson } from "../request-body.ts";
import type { Route } from "../router.ts";
import { leaseMsMax } from "../stores/leases.ts";
import { textField } from "./body-fields.ts";
import type { LeaseRequest } from "./control-api.ts";
import { type Control, operatorRoute } from "./operator-route.ts";

/** Leases: the right to do something alone for a while, such as taking a turn with a rollout. */
export function leaseRoutes(control: Control): Route[] {
  const { fleet } = control;
  return [
    operatorRoute(control, "PUT", "/leases/{lease}", async (exchange) => {
      const name = textField(exchange.params, "lease", isLeaseWord);
      const { holder, holdMs } = readRequest(await readJson(exchange));
      const taken = await fleet.commit.run(() => fleet.leases.take(name, holder, fleet.clock.now(), holdMs));
      if (!taken) throw new Refusal(409, "lease-taken", `Another holds the lease ${name}.`);
      replyJson(exchange.response, 200, { holdMs });
    }),
  ];
}

function readRequest(body: unknown): LeaseRequest {
  const holder = textField(body, "holder", isLeaseWord);
  const { holdMs } = body as LeaseRequest;
  if (!Number.isSafeInteger(holdMs) || holdMs < 0 || holdMs > leaseMsMax) {
    throw new Refusal(400, "malformed-body", `holdMs must be 0 to ${leaseMsMax}.`);
  }
  return { holder, holdMs };
}
