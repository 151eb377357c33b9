/**
 * Run as a process of its own by the tests: pushes the bundle argv[2], signed by the key `dev` beside it,
 * to the directory storage argv[3].
 */
import { dirname } from "node:path";
import { IotctlError } from "../../src/base/errors.ts";
import { pushBundle } from "../../src/bundle/push-bundle.ts";
import { keyIn } from "../support/fan-bundle.ts";
import { DirectoryStore } from "../../src/storage/directory/directory-store.ts";

const [bundleDir = "", storeDir = ""] = process.argv.slice(2);
const trustedKeys = [keyIn(dirname(bundleDir)).trustedKey];
process.stdout.write("ready\n");
try {
  const { result } = await pushBundle({ bundleDir, store: new DirectoryStore(storeDir), trustedKeys });
  process.stdout.write(`${result}\n`);
} catch (error) {
  process.stdout.write(`${error instanceof IotctlError ? error.code : String(error)}\n`);
}
