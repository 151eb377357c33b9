// Preloaded with --import: writes the URLs of all modules that the process loaded to RECORD_MODULES.
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

const urls = [];
registerHooks({
  load(url, context, nextLoad) {
    urls.push(url);
    return nextLoad(url, context);
  },
});
process.on("exit", () => writeFileSync(process.env.RECORD_MODULES, JSON.stringify(urls)));
