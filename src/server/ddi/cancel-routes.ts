import { parseFeedback } from "../../ddi/parse-feedback.ts";
import type { DdiCancelAction } from "../../ddi/wire.ts";
import type { Fleet } from "../fleet.ts";
import { recordCancelFeedback } from "../record-feedback.ts";
import { Refusal } from "../refusal.ts";
import { replyEmpty, replyJson } from "../reply.ts";
import type { Route } from "../router.ts";
import { actionIdOf, deviceRoute, readReport } from "./device-route.ts";

/** The request to cancel, and the device's answer. */
export function cancelRoutes(fleet: Fleet): Route[] {
  return [
    deviceRoute(fleet, "GET", "/cancelAction/{action}", (exchange, device) => {
      const action = fleet.actions.byId(actionIdOf(exchange));
      if (action?.deviceId !== device.id || action.closedAtMs !== null || !action.canceling) {
        throw new Refusal(404, "not-found", "There is nothing to cancel.");
      }
      // rauc-hawkbit-updater answers to the address of stopId, others to that of id: they are one.
      const id = String(action.id);
      replyJson(exchange.response, 200, { id, cancelAction: { stopId: id } } satisfies DdiCancelAction);
    }),
    deviceRoute(fleet, "POST", "/cancelAction/{action}/feedback", async (exchange, device) => {
      const id = actionIdOf(exchange);
      const feedback = await readReport(exchange, parseFeedback);
      await fleet.commit.run(() => recordCancelFeedback(fleet, device.id, id, feedback));
      replyEmpty(exchange.response, 200);
    }),
  ];
}
