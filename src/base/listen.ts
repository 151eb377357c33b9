import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { IotctlError, isSystemError } from "./errors.ts";

/**
 * Lets a server listen (port 0: any free one) and gives its base address. Throws IOT_PORT_IN_USE, which
 * names the flag that chose the port.
 */
export async function listen(server: Server, host: string, port: number, flag = "--port"): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(isSystemError(error, "EADDRINUSE") ? portInUse(host, port, flag, error) : error),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

function portInUse(host: string, port: number, flag: string, cause: Error): IotctlError {
  return new IotctlError("IOT_PORT_IN_USE", `Port ${port} on ${host} is taken by another program.`, {
    hints: [`Take any free one: ${flag} 0`, `See who has it: lsof -i :${port}`],
    cause,
  });
}
