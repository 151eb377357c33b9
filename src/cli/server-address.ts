import { existsSync } from "node:fs";
import { join } from "node:path";
import { readBoundedFile } from "../base/bounded-file.ts";
import { IotctlError } from "../base/errors.ts";

const maxFileBytes = 4096;

/** What a server of ours on this machine writes into its directory, and how to start one. */
export interface LocalServer {
  /** For sentences: `fleet server`. */
  readonly what: string;
  readonly dir: string;
  /** The command that starts it. */
  readonly startWith: string;
}

/** The base address in the server's `address.json`. Throws IOT_SERVER_NOT_STARTED when it never ran there. */
export function serverAddress(server: LocalServer): string {
  const file = join(server.dir, "address.json");
  if (!existsSync(file)) throw notStarted(server, file);
  const url = parsedUrl(readBoundedFile(file, maxFileBytes, `the ${server.what}'s address`).toString("utf8"));
  if (url === null) {
    throw new IotctlError("IOT_FILE_UNREADABLE", `${file} does not hold the address of a ${server.what}.`, {
      hints: [server.startWith],
      details: { file },
    });
  }
  return url;
}

/** The control token: from the environment variable when one is named, else from the server's directory. */
export function controlToken(
  server: LocalServer,
  tokenEnv: string | undefined,
  env: NodeJS.ProcessEnv,
): string {
  if (tokenEnv !== undefined) return tokenFrom(tokenEnv, `the ${server.what}'s control token`, env);
  const file = join(server.dir, "control-token");
  if (!existsSync(file)) throw notStarted(server, file);
  return readBoundedFile(file, maxFileBytes, "the control token").toString("utf8").trim();
}

/** The token in an environment variable. Throws IOT_TOKEN_MISSING. */
export function tokenFrom(variable: string, what: string, env: NodeJS.ProcessEnv): string {
  const token = env[variable]?.trim();
  if (token) return token;
  throw new IotctlError("IOT_TOKEN_MISSING", `${variable}, which holds ${what}, is not set.`, {
    hints: [`read -rs ${variable} && export ${variable}`],
    details: { variable },
  });
}

function parsedUrl(text: string): string | null {
  try {
    const { url } = JSON.parse(text) as { url?: unknown };
    return typeof url === "string" && URL.canParse(url) ? url : null;
  } catch {
    return null;
  }
}

function notStarted(server: LocalServer, file: string): IotctlError {
  return new IotctlError("IOT_SERVER_NOT_STARTED", `No ${server.what} runs here: ${file} does not exist.`, {
    hints: [server.startWith],
    details: { file },
  });
}
