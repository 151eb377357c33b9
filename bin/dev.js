#!/usr/bin/env node
// Runs src/ directly, without a build.
import { readFileSync } from "node:fs";
import { main } from "../src/cli/main.ts";

const root = new URL("../", import.meta.url);
const pjson = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
pjson.oclif.commands = "./src/commands";
void main({ argv: process.argv.slice(2), pjson, root, ignoreManifest: true });
