import { parseFeedback } from "../../ddi/parse-feedback.ts";
import { recordEvent } from "../close-action.ts";
import type { Fleet } from "../fleet.ts";
import { recordDeploymentFeedback } from "../record-feedback.ts";
import { Refusal } from "../refusal.ts";
import { replyEmpty, replyJson } from "../reply.ts";
import type { Route } from "../router.ts";
import { deploymentDocument } from "./deployment-document.ts";
import { actionIdOf, deviceAddress, deviceRoute, readReport } from "./device-route.ts";

/** What a device is to install, what it has installed, and what it says about the way there. */
export function deploymentRoutes(fleet: Fleet): Route[] {
  return [
    deviceRoute(fleet, "GET", "/deploymentBase/{action}", async (exchange, device) => {
      const id = actionIdOf(exchange);
      const address = deviceAddress(exchange, device);
      const action = await offered(fleet, device.id, id);
      replyJson(exchange.response, 200, deploymentDocument(fleet, action, address));
    }),
    deviceRoute(fleet, "POST", "/deploymentBase/{action}/feedback", async (exchange, device) => {
      const id = actionIdOf(exchange);
      const feedback = await readReport(exchange, parseFeedback);
      await fleet.commit.run(() => recordDeploymentFeedback(fleet, device.id, id, feedback));
      replyEmpty(exchange.response, 200);
    }),
    deviceRoute(fleet, "GET", "/installedBase/{action}", (exchange, device) => {
      const action = fleet.actions.byId(actionIdOf(exchange));
      if (!action || device.installedAction !== action.id) {
        throw new Refusal(404, "not-found", "This is not what the device has installed.");
      }
      replyJson(exchange.response, 200, deploymentDocument(fleet, action, deviceAddress(exchange, device)));
    }),
  ];
}

/** The device's open action, which from now on counts as seen; one that was only pending is marked so, durably. */
async function offered(fleet: Fleet, deviceId: string, id: number) {
  const current = () => {
    const action = fleet.actions.byId(id);
    if (action?.deviceId !== deviceId || action.closedAtMs !== null || action.canceling) {
      throw new Refusal(404, "not-found", "This deployment is not on offer.");
    }
    return action;
  };
  if (current().state !== "pending") return current();
  return fleet.commit.run(() => {
    // Asked again: it may have been canceled since.
    const action = current();
    if (action.state === "pending") {
      fleet.actions.update({ ...action, state: "retrieved" });
      recordEvent(fleet, action, "retrieved");
    }
    return action;
  });
}
