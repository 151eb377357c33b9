import { Config } from "@oclif/core/config";
import { settings } from "@oclif/core/settings";
import { readText, repositoryRoot } from "./repository.ts";

/** oclif's view of the commands in src/. */
export function loadCommandTree(): Promise<Config> {
  settings.enableAutoTranspile = false;
  const pjson = JSON.parse(readText("package.json")) as Config["pjson"];
  pjson.oclif.commands = "./src/commands";
  return Config.load({
    root: repositoryRoot,
    pjson,
    ignoreManifest: true,
    devPlugins: false,
    userPlugins: false,
  });
}

/** `fleet:devices` as it is typed. */
export function typedName(id: string): string {
  return id.replaceAll(":", " ");
}
