import { type AddressInfo, createServer } from "node:net";
import { onTestFinished } from "vitest";

/** A port on loopback that somebody listens on until the test ends. */
export async function heldPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return String((server.address() as AddressInfo).port);
}
