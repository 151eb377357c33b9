import { isDigest } from "../identifiers.ts";
import { Refusal } from "../refusal.ts";
import { replyEmpty, replyJson } from "../reply.ts";
import { askForBody } from "../request-body.ts";
import type { Exchange, Route } from "../router.ts";
import { type Control, operatorRoute } from "./operator-route.ts";

const attestationBytesMax = 4 * 1024 * 1024;

/** Images and signed releases, each uploaded once under its digest. */
export function artifactRoutes(control: Control): Route[] {
  return ["artifacts", "attestations"].flatMap((kind) => {
    const path = `/${kind}/{digest}`;
    const bytesMax = kind === "artifacts" ? control.artifactBytesMax : attestationBytesMax;
    return [
      operatorRoute(control, "HEAD", path, (exchange) => {
        replyEmpty(exchange.response, control.fleet.artifacts.byDigest(digestOf(exchange)) ? 200 : 404);
      }),
      operatorRoute(control, "PUT", path, (exchange) => upload(control, exchange, bytesMax)),
    ];
  });
}

async function upload({ fleet }: Control, exchange: Exchange, bytesMax: number): Promise<void> {
  const { request, response } = exchange;
  const digest = digestOf(exchange);
  const sizeBytes = Number(request.headers["content-length"] ?? Number.NaN);
  if (Number.isNaN(sizeBytes)) throw new Refusal(411, "length-required", "An upload needs a Content-Length.");
  if (sizeBytes > bytesMax) {
    throw new Refusal(
      413,
      "body-too-large",
      `The upload has ${sizeBytes} bytes, at most ${bytesMax} are taken.`,
    );
  }
  const present = fleet.artifacts.byDigest(digest);
  if (!present) {
    askForBody(exchange);
    const artifact = await fleet.blobs.put({ digest, sizeBytes }, request);
    await fleet.commit.run(() => fleet.artifacts.insert(artifact));
  }
  replyJson(response, present ? 200 : 201, { digest, result: present ? "present" : "stored" });
}

function digestOf({ params }: Exchange): string {
  const digest = params["digest"] ?? "";
  if (!isDigest(digest)) throw new Refusal(400, "malformed-digest", "A digest is sha256: and 64 hex digits.");
  return digest;
}
