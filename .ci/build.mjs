// Builds dist/ and oclif.manifest.json, in the checkout or in the directory named as argument: one
// bundle per command with shared chunks, because loading a few files starts in half the time of
// loading the hundreds that the dependencies consist of.
import { Config, settings } from "@oclif/core";
import { build } from "esbuild";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("..", import.meta.url));
const target = process.argv[2] ?? source;
const pjson = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));

rmSync(join(target, "dist"), { recursive: true, force: true });
await build({
  absWorkingDir: source,
  entryPoints: ["src/cli/main.ts", ...globSync("src/commands/**/*.ts", { cwd: source })],
  outdir: join(target, "dist"),
  outbase: "src",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.22",
  legalComments: "linked",
  // Asked for by oclif only to run TypeScript that is not built.
  external: ["typescript", "ts-node", "tsx", "pnpapi"],
  // Dependencies in CommonJS expect a `require`.
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
  logLevel: "warning",
});

settings.enableAutoTranspile = false;
const { plugins } = await Config.load({ root: target, pjson, ignoreManifest: true, devPlugins: false });
writeFileSync(join(target, "oclif.manifest.json"), JSON.stringify(plugins.get(pjson.name).manifest));
