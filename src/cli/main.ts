import { Config } from "@oclif/core/config";
import { Help, normalizeArgv } from "@oclif/core/help";
import { settings } from "@oclif/core/settings";
import { fileURLToPath } from "node:url";
import { Exit } from "../base/error-codes.ts";
import { IotctlError, isSystemError } from "../base/errors.ts";
import { diskError } from "../base/atomic-file.ts";
import { asIotctlError } from "./as-iotctl-error.ts";
import { type Envelope, envelopeText, errorEnvelope, wantsJson } from "./envelope.ts";
import { exitOnInterrupt } from "./interruption.ts";
import { renderError } from "./render-error.ts";
import { unknownCommandError } from "./unknown-command-error.ts";

export interface Invocation {
  /** What was typed after `iotctl`. */
  readonly argv: readonly string[];
  /** The content of package.json, whose `oclif.commands` says where the commands are. */
  readonly pjson: Config["pjson"];
  /** The directory that holds package.json, as a file URL. */
  readonly root: URL;
  /** Look for commands instead of reading oclif.manifest.json, which describes the built ones. */
  readonly ignoreManifest?: boolean;
}

/** Runs one command line and sets the exit code of the process. Never rejects. */
export async function main(invocation: Invocation): Promise<void> {
  exitWhenOutputFails();
  exitOnInterrupt();
  let command = "";
  try {
    const config = await loadConfig(invocation);
    const [id = "", ...rest] = normalizeArgv(config, [...invocation.argv]);
    const found = config.findCommand(id);
    if (found && !asksForHelp(rest)) {
      command = id.replaceAll(":", " ");
      const envelope = await config.runCommand<Envelope<unknown>>(id, rest, found);
      process.exitCode = envelope.exitCode;
    } else if (id === "--version") {
      process.stdout.write(`${config.userAgent}\n`);
    } else if (found || id === "" || asksForHelp([id, ...rest]) || config.findTopic(id)) {
      await new Help(config, config.pjson.oclif.helpOptions).showHelp([...invocation.argv]);
    } else {
      throw unknownCommandError(id, config.commandIDs);
    }
  } catch (error) {
    report(asIotctlError(error, command), command, wantsJson(invocation.argv));
  }
}

function loadConfig(invocation: Invocation): Promise<Config> {
  // oclif would look for a transpiler, and without one silently run an older build.
  settings.enableAutoTranspile = false;
  return Config.load({
    root: fileURLToPath(invocation.root),
    pjson: invocation.pjson,
    ignoreManifest: invocation.ignoreManifest ?? false,
    devPlugins: false,
    userPlugins: false,
  });
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

function report(error: IotctlError, command: string, json: boolean): void {
  process.exitCode = error.exit;
  if (json) process.stdout.write(envelopeText(errorEnvelope(command, error)));
  else process.stderr.write(renderError(error));
}

/** A reader that has seen enough (`| head -1`) is not a failure; a result that could not be written is. */
function exitWhenOutputFails(): void {
  process.stdout.on("error", (error) => {
    if (isSystemError(error, "EPIPE")) process.exit(Exit.done);
    const failure = asIotctlError(diskError(error, "the output"), "");
    process.stderr.write(renderError(failure));
    process.exit(failure.exit);
  });
  // What cannot be said cannot be complained about either.
  process.stderr.on("error", () => {});
}
