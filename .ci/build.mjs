// Builds dist/ and oclif.manifest.json: one bundle per command with shared chunks, because loading
// a few files starts in half the time of loading the hundreds that the dependencies consist of.
import { Config, settings } from "@oclif/core";
import { build } from "esbuild";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const pjson = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

rmSync(`${root}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ["src/cli/main.ts", ...globSync("src/commands/**/*.ts", { cwd: root })],
  outdir: "dist",
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
const { plugins } = await Config.load({ root, pjson, ignoreManifest: true, devPlugins: false });
writeFileSync(`${root}oclif.manifest.json`, JSON.stringify(plugins.get(pjson.name).manifest));
