// A certificate authority, two logs and a timestamp authority with real keys, on loopback, in a process
// of its own: importing the mock changes `node:http` for the whole process. Sends `{url, trustedRoot}`.
import { createHash, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import process from "node:process";
import mock from "@sigstore/mock";

const keyPair = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const since = { start: "2020-01-01T00:00:00Z" };
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

const ctlog = await mock.initializeCTLog(keyPair());
const ca = await mock.initializeCA(keyPair(), ctlog);
const tsa = await mock.initializeTSA(keyPair());
// The verifier reads whole seconds alone.
tsa.getCurrentTime = () => new Date(Math.floor(Date.now() / 1000) * 1000);

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}`;
const tlog = await mock.initializeTLog(url, keyPair());

const handlers = [mock.fulcioHandler(ca, { subjectClaim: "email" }), mock.tsaHandler(tsa)];
const routes = new Map(handlers.map(({ fn, path }) => [path, fn]));
routes.set("/api/v1/log/entries", logEntry);

/** What Rekor keeps of a DSSE entry; the mock would keep the proposal. */
async function logEntry(body) {
  const { envelope, verifiers } = JSON.parse(body).spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope);
  const hashOf = (bytes) => ({ algorithm: "sha256", value: sha256(bytes).toString("hex") });
  const entry = await tlog.log({
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: {
      envelopeHash: hashOf(envelope),
      payloadHash: hashOf(Buffer.from(payload, "base64")),
      signatures: [{ signature: signatures[0].sig, verifier: verifiers[0] }],
    },
  });
  return { statusCode: 201, contentType: "application/json", response: JSON.stringify(entry) };
}

server.on("request", (request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => void answer(request.url, Buffer.concat(parts).toString(), response));
});

async function answer(path, body, response) {
  const route = routes.get(path) ?? (() => ({ statusCode: 404, response: "not found" }));
  const { contentType = "text/plain", response: content, statusCode } = await route(body);
  response.writeHead(statusCode, { "content-type": contentType });
  response.end(content);
}

const log = (publicKey) => ({
  baseUrl: url,
  hashAlgorithm: "SHA2_256",
  publicKey: { rawBytes: base64(publicKey), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor: since },
  logId: { keyId: base64(sha256(publicKey)) },
});
const authority = (certificates) => ({
  subject: { organization: "sigstore.mock", commonName: "sigstore" },
  uri: url,
  certChain: { certificates: certificates.map((each) => ({ rawBytes: base64(each) })) },
  validFor: since,
});
process.send({
  url,
  trustedRoot: {
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [log(tlog.publicKey)],
    certificateAuthorities: [authority([ca.rootCertificate])],
    ctlogs: [log(ctlog.publicKey)],
    timestampAuthorities: [authority([tsa.intCertificate, tsa.rootCertificate])],
  },
});
process.on("disconnect", () => process.exit(0));
