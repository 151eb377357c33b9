/** Run as a process of its own by the tests: pushes the bundle argv[2] to the directory storage argv[3]. */
import { IotctlError } from "../../src/base/errors.ts";
import { pushBundle } from "../../src/bundle/push-bundle.ts";
import { DirectoryStore } from "../../src/storage/directory/directory-store.ts";

const [bundleDir = "", storeDir = ""] = process.argv.slice(2);
process.stdout.write("ready\n");
try {
  const { result } = await pushBundle({ bundleDir, store: new DirectoryStore(storeDir) });
  process.stdout.write(`${result}\n`);
} catch (error) {
  process.stdout.write(`${error instanceof IotctlError ? error.code : String(error)}\n`);
}
