import { parseConfigData } from "../../ddi/parse-config-data.ts";
import { type DdiPollRoot, formatSleep } from "../../ddi/wire.ts";
import type { Fleet } from "../fleet.ts";
import { recordAttributes } from "../record-attributes.ts";
import { replyEmpty, replyJson } from "../reply.ts";
import type { Route } from "../router.ts";
import { deviceAddress, deviceRoute, readReport } from "./device-route.ts";

/** The poll, and the report of attributes that it asks for. */
export function pollRoutes(fleet: Fleet, pollIntervalMs: number): Route[] {
  const sleep = formatSleep(pollIntervalMs);
  return [
    deviceRoute(fleet, "GET", "", (exchange, device) => {
      const address = deviceAddress(exchange, device);
      const action = device.activeAssignmentId === null ? null : fleet.actions.openOf(device.id);
      const root: DdiPollRoot = {
        config: { polling: { sleep } },
        _links: {
          ...(action &&
            !action.canceling && { deploymentBase: { href: `${address}/deploymentBase/${action.id}` } }),
          ...(action?.canceling && { cancelAction: { href: `${address}/cancelAction/${action.id}` } }),
          ...(device.asksAttributes && { configData: { href: `${address}/configData` } }),
          ...(device.installedAction !== null && {
            installedBase: { href: `${address}/installedBase/${device.installedAction}` },
          }),
        },
      };
      replyJson(exchange.response, 200, root);
    }),
    deviceRoute(fleet, "PUT", "/configData", async (exchange, device) => {
      const report = await readReport(exchange, parseConfigData);
      await fleet.commit.run(() => recordAttributes(fleet, device.id, report));
      replyEmpty(exchange.response, 200);
    }),
  ];
}
