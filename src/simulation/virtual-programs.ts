import { createContext, Script } from "node:vm";
import { messageOf } from "../base/errors.ts";
import type { PayloadHealth } from "../agent/payload-runner.ts";

/** What an image does when it is asked how it is; null for an image that is no program. */
export type VirtualProgram = (() => PayloadHealth) | null;

const maxProgramBytes = 1024 * 1024;
const maxPrograms = 64;
const runLimitMs = 200;
const askFirmware = new Script(
  "JSON.stringify({ version: firmware.version, model: firmware.model, well: firmware.selfTest() === true })",
);

/**
 * Programs that virtual devices run, each compiled once and shared by its devices. A program is an
 * image whose first line asks for Node; it defines `globalThis.firmware` with `version`, `model` and
 * `selfTest()`. Its signature was checked before it came here: a vm context is no sandbox.
 */
export class VirtualPrograms {
  readonly #byDigest = new Map<string, VirtualProgram>();

  get(digest: string, image: Uint8Array): VirtualProgram {
    const known = this.#byDigest.get(digest);
    if (known !== undefined) return known;
    const [oldest] = this.#byDigest.keys();
    if (this.#byDigest.size >= maxPrograms && oldest !== undefined) this.#byDigest.delete(oldest);
    const program = load(image);
    this.#byDigest.set(digest, program);
    return program;
  }
}

function load(image: Uint8Array): VirtualProgram {
  const [firstLine = ""] = Buffer.from(image.subarray(0, 128)).toString("latin1").split("\n", 1);
  if (!/^#!.*\bnode\b/.test(firstLine) || image.length > maxProgramBytes) return null;
  try {
    const context = createContext({});
    new Script(Buffer.from(image).toString("utf8")).runInContext(context, { timeout: runLimitMs });
    return () => ask(context);
  } catch (error) {
    const reason = `it does not start: ${messageOf(error)}`;
    return () => ({ kind: "stopped", reason });
  }
}

function ask(context: object): PayloadHealth {
  try {
    const answer: unknown = askFirmware.runInContext(context, { timeout: runLimitMs });
    const { version, model, well } = JSON.parse(String(answer)) as Record<string, unknown>;
    if (well !== true) return { kind: "stopped", reason: "its self-test fails" };
    return { kind: "healthy", version: String(version), model: typeof model === "string" ? model : null };
  } catch (error) {
    return { kind: "stopped", reason: `it ended: ${messageOf(error)}` };
  }
}
