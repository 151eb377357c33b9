import { Agent, get } from "node:http";

/**
 * Polls as one device over and over on a number of connections, each the next time as soon as it was
 * answered, until told to stop. Gives answers per second. Throws when an answer is not 200.
 */
export async function countPolls(options: {
  readonly url: string;
  readonly token: string;
  readonly connections: number;
  readonly until: AbortSignal;
}): Promise<number> {
  const { connections, token, until, url } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const headers = { authorization: `TargetToken ${token}` };
  const startedMs = performance.now();
  let answers = 0;
  const loop = async (): Promise<void> => {
    while (!until.aborted) {
      await poll(url, headers, agent);
      answers++;
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  agent.destroy();
  return (answers * 1000) / (performance.now() - startedMs);
}

function poll(url: string, headers: Record<string, string>, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
      response.resume().on("end", resolve).on("error", reject);
    });
    request.on("error", reject);
  });
}
