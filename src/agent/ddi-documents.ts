import { IotctlError } from "../base/errors.ts";
import type {
  DdiArtifact,
  DdiCancelAction,
  DdiChunk,
  DdiDeployment,
  DdiLink,
  DdiPollRoot,
} from "../ddi/wire.ts";

/**
 * DDI documents as a device reads them: only what it uses, everything else is ignored. Each throws
 * IOT_AGENT_SERVER_ANSWER with the address and the member that is wrong.
 */
export function parsePollRoot(value: unknown, url: string): DdiPollRoot {
  const read = reader(url);
  const root = read.record(value, "the answer");
  const config = read.record(root["config"], "config");
  const polling = read.record(config["polling"], "config.polling");
  const links = read.record(root["_links"] ?? {}, "_links");
  const named = (["deploymentBase", "cancelAction", "configData"] as const).filter(
    (name) => links[name] !== undefined,
  );
  return {
    config: { polling: { sleep: read.text(polling["sleep"], "config.polling.sleep") } },
    _links: Object.fromEntries(named.map((name) => [name, read.link(links[name], `_links.${name}`)])),
  };
}

export function parseCancelAction(value: unknown, url: string): DdiCancelAction {
  const read = reader(url);
  const root = read.record(value, "the answer");
  const cancel = read.record(root["cancelAction"], "cancelAction");
  return {
    id: read.text(root["id"], "id"),
    cancelAction: { stopId: read.text(cancel["stopId"], "cancelAction.stopId") },
  };
}

export function parseDeployment(value: unknown, url: string): DdiDeployment {
  const read = reader(url);
  const root = read.record(value, "the answer");
  const deployment = read.record(root["deployment"], "deployment");
  const handling = (name: "download" | "update") => {
    const text = deployment[name];
    return text === "skip" || text === "attempt" ? text : "forced";
  };
  return {
    id: read.text(root["id"], "id"),
    deployment: {
      download: handling("download"),
      update: handling("update"),
      chunks: read.list(deployment["chunks"], "deployment.chunks").map((chunk) => parseChunk(chunk, read)),
    },
  };
}

function parseChunk(value: unknown, read: Reader): DdiChunk {
  const chunk = read.record(value, "a chunk");
  const metadata = read.list(chunk["metadata"] ?? [], "metadata").map((entry) => {
    const { key, value: text } = read.record(entry, "a metadata entry");
    return { key: read.text(key, "metadata.key"), value: read.text(text, "metadata.value") };
  });
  return {
    part: read.text(chunk["part"], "part"),
    version: read.text(chunk["version"], "version"),
    name: read.text(chunk["name"], "name"),
    artifacts: read.list(chunk["artifacts"], "artifacts").map((artifact) => parseArtifact(artifact, read)),
    metadata,
  };
}

function parseArtifact(value: unknown, read: Reader): DdiArtifact {
  const artifact = read.record(value, "an artifact");
  const { sha1, md5, sha256 } = read.record(artifact["hashes"], "hashes");
  const links = read.record(artifact["_links"], "artifact._links");
  const http = links["download-http"] ?? links["download"];
  return {
    filename: read.text(artifact["filename"], "filename"),
    hashes: { sha1: String(sha1), md5: String(md5), sha256: read.text(sha256, "hashes.sha256") },
    size: Number(artifact["size"]),
    _links: {
      "download-http": read.link(http, "download-http"),
      ...(links["download"] !== undefined && { download: read.link(links["download"], "download") }),
    },
  };
}

type Reader = ReturnType<typeof reader>;

function reader(url: string) {
  const fail = (name: string, expected: string): never => {
    throw new IotctlError(
      "IOT_AGENT_SERVER_ANSWER",
      `${url} answered with a document in which ${name} is not ${expected}.`,
      {
        details: { url },
      },
    );
  };
  const record = (value: unknown, name: string): Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : fail(name, "an object");
  const text = (value: unknown, name: string): string =>
    typeof value === "string" ? value : fail(name, "text");
  return {
    record,
    text,
    list: (value: unknown, name: string): readonly unknown[] =>
      Array.isArray(value) ? value : fail(name, "a list"),
    link: (value: unknown, name: string): DdiLink => ({
      href: text(record(value, name)["href"], `${name}.href`),
    }),
  };
}
