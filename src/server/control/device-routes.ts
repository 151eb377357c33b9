import { isDeviceId } from "../identifiers.ts";
import type { Fleet } from "../fleet.ts";
import { Refusal } from "../refusal.ts";
import { registerDevices } from "../register-devices.ts";
import { replyJson } from "../reply.ts";
import { readJson } from "../request-body.ts";
import type { Exchange, Route } from "../router.ts";
import type { DeviceRecord } from "../stores/devices.ts";
import { listField, recordField, textField } from "./body-fields.ts";
import type { DeviceDetail, NewDevice } from "./control-api.ts";
import { changeLabels, readLabelChanges } from "./labels.ts";
import { type Control, operatorRoute, pageOf } from "./operator-route.ts";

const registeredAtOnceMax = 1000;

/** Devices: list, register, look at one, label. */
export function deviceRoutes(control: Control): Route[] {
  const { fleet } = control;
  return [
    operatorRoute(control, "GET", "/devices", (exchange) => {
      const { after, limit } = pageOf(exchange);
      const records = fleet.devices.page(after, limit);
      const next = records.length === limit ? (records.at(-1)?.id ?? null) : null;
      replyJson(exchange.response, 200, {
        devices: records.map((record) => fleet.devices.view(record)),
        next,
      });
    }),
    operatorRoute(control, "POST", "/devices", async (exchange) => {
      const newcomers = readNewDevices(await readJson(exchange));
      const devices = await fleet.commit.run(() => registerDevices(fleet, newcomers));
      replyJson(exchange.response, 201, { devices });
    }),
    operatorRoute(control, "GET", "/devices/{device}", (exchange) => {
      replyJson(exchange.response, 200, detailOf(fleet, knownDevice(fleet, exchange)));
    }),
    operatorRoute(control, "PATCH", "/devices/{device}", async (exchange) => {
      const changes = readLabelChanges(recordField(await readJson(exchange), "labels"));
      await fleet.commit.run(() => {
        const device = knownDevice(fleet, exchange);
        fleet.devices.setLabels(device.row, changeLabels(device.labels, changes));
        fleet.events.append(device.row, {
          atMs: fleet.clock.now(),
          kind: "labels",
          assignmentId: null,
          message: Object.entries(changes)
            .map(([name, text]) => (text === null ? `-${name}` : `${name}=${text}`))
            .join(", "),
        });
      });
      replyJson(exchange.response, 200, detailOf(fleet, knownDevice(fleet, exchange)));
    }),
  ];
}

function detailOf(fleet: Fleet, record: DeviceRecord): DeviceDetail {
  return {
    device: fleet.devices.view(record),
    attributes: record.attributes,
    history: fleet.events.latest(record.row),
  };
}

function knownDevice(fleet: Fleet, { params }: Exchange): DeviceRecord {
  const device = fleet.devices.byId(params["device"] ?? "");
  if (!device) throw new Refusal(404, "device-unknown", `The fleet has no device ${params["device"]}.`);
  return device;
}

function readNewDevices(body: unknown): NewDevice[] {
  const list = listField(body, "devices");
  if (list.length > registeredAtOnceMax) {
    throw new Refusal(
      400,
      "too-many-devices",
      `At most ${registeredAtOnceMax} devices are registered at once.`,
    );
  }
  return list.map((entry) => {
    const id = textField(entry, "id", isDeviceId);
    const { hardware, labels } = entry as NewDevice;
    return {
      id,
      ...(hardware !== undefined && { hardware: textField(entry, "hardware") }),
      ...(labels !== undefined && { labels: changeLabels({}, readLabelChanges(labels)) }),
    };
  });
}
