import type { OutgoingHttpHeaders } from "node:http";
import { readByteRange } from "../byte-range.ts";
import type { Fleet } from "../fleet.ts";
import { Refusal } from "../refusal.ts";
import { replyEmpty, replyJson, replyText } from "../reply.ts";
import type { Exchange, Route } from "../router.ts";
import { sendFile } from "../send-file.ts";
import type { ActionRecord } from "../stores/actions.ts";
import type { DeviceRecord } from "../stores/devices.ts";
import { artifactDocument, type Payload, payloadOf } from "./deployment-document.ts";
import { actionIdOf, deviceAddress, deviceRoute } from "./device-route.ts";

const checksumSuffix = ".MD5SUM";

/** The images of what a device is to install or has installed, nothing else. */
export function artifactRoutes(fleet: Fleet): Route[] {
  const path = "/softwaremodules/{action}/artifacts";
  return [
    deviceRoute(fleet, "GET", path, (exchange, device) => {
      const action = visibleAction(fleet, exchange, device);
      const address = deviceAddress(exchange, device);
      replyJson(exchange.response, 200, [artifactDocument(payloadOf(fleet, action), action, address)]);
    }),
    deviceRoute(fleet, "GET", `${path}/{filename}`, (exchange, device) => {
      const payload = payloadOf(fleet, visibleAction(fleet, exchange, device));
      const asked = exchange.params["filename"];
      if (asked === payload.filename) return sendArtifact(fleet, exchange, payload);
      if (asked !== payload.filename + checksumSuffix) throw notFound();
      replyText(exchange.response, 200, "text/plain", `${payload.artifact.md5}  ${payload.filename}`);
      return undefined;
    }),
    deviceRoute(fleet, "HEAD", `${path}/{filename}`, (exchange, device) => {
      const payload = payloadOf(fleet, visibleAction(fleet, exchange, device));
      if (exchange.params["filename"] !== payload.filename) throw notFound();
      exchange.response.writeHead(200, {
        ...headersOf(payload),
        "content-length": payload.artifact.sizeBytes,
      });
      exchange.response.end();
    }),
  ];
}

async function sendArtifact(fleet: Fleet, { request, response }: Exchange, payload: Payload): Promise<void> {
  const { digest, sizeBytes } = payload.artifact;
  const headers = headersOf(payload);
  const { "if-match": ifMatch, "if-range": ifRange } = request.headers;
  if (
    ifMatch !== undefined &&
    ifMatch !== "*" &&
    !ifMatch.split(",").some((tag) => tag.trim() === headers["etag"])
  ) {
    replyEmpty(response, 412);
    return;
  }
  const isCurrent = ifRange === undefined || ifRange === headers["etag"];
  const range = readByteRange(isCurrent ? request.headers.range : undefined, sizeBytes);
  if (range.kind === "unsatisfiable") {
    response.writeHead(416, { "content-range": `bytes */${sizeBytes}`, "content-length": 0 });
    response.end();
    return;
  }
  const { start, end } = range.kind === "part" ? range : { start: 0, end: sizeBytes };
  response.writeHead(range.kind === "part" ? 206 : 200, {
    ...headers,
    "content-length": end - start,
    ...(range.kind === "part" && { "content-range": `bytes ${start}-${end - 1}/${sizeBytes}` }),
  });
  await sendFile(response, fleet.blobs.path(digest), start, end);
}

function headersOf({ artifact, filename }: Payload): OutgoingHttpHeaders {
  return {
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`,
    "accept-ranges": "bytes",
    etag: `"${artifact.digest.slice("sha256:".length)}"`,
    "x-content-type-options": "nosniff",
  };
}

/** Throws a Refusal (404) unless the device is to install it or has installed it. */
function visibleAction(fleet: Fleet, exchange: Exchange, device: DeviceRecord): ActionRecord {
  const action = fleet.actions.byId(actionIdOf(exchange));
  if (action?.deviceId !== device.id) throw notFound();
  if (action.closedAtMs !== null && action.id !== device.installedAction) throw notFound();
  return action;
}

function notFound(): Refusal {
  return new Refusal(404, "not-found", "This device is given no such artifact.");
}
