import { type ChildProcess, spawn } from "node:child_process";
import { get } from "node:http";
import { dirname, join, resolve } from "node:path";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { slotImagePath } from "./disk-slot-storage.ts";
import { OrphanGuard } from "./orphan-guard.ts";
import type { Payload, PayloadHealth, PayloadRunner } from "./payload-runner.ts";

const termGraceMs = 3000;
/** How long the last words of a payload that ended may take. */
const lastWordsMs = 200;
const answerTimeoutMs = 2000;
const maxAnswerBytes = 16 * 1024;
const keptStderrChars = 500;

/**
 * Runs the image of a slot as a process of its own, which answers on `IOTCTL_PORT`:
 * `GET /health` gives 200 with `{"product","model","version"}` when it is well.
 */
export class ProcessPayloadRunner implements PayloadRunner {
  readonly #dir: string;
  readonly #port: number;
  readonly #clock: Clock;
  readonly #orphans: OrphanGuard;
  #child: ChildProcess | null = null;
  #ended = "not started";
  /** Settled once the last words of the payload stand in `#ended`. */
  #heard: Promise<void> = Promise.resolve();

  /** `dir` holds the slots; `port` is where the payload is to answer on loopback. */
  constructor(options: { readonly dir: string; readonly port: number; readonly clock: Clock }) {
    this.#dir = resolve(options.dir);
    this.#port = options.port;
    this.#clock = options.clock;
    this.#orphans = new OrphanGuard(join(this.#dir, "payload.json"), options.clock);
  }

  async start({ slot }: Payload): Promise<void> {
    await this.stop();
    const image = slotImagePath(this.#dir, slot);
    const { PATH = "/usr/bin:/bin", HOME = this.#dir } = process.env;
    // A process group of its own, and nothing of our environment: tokens may stand there.
    const child = spawn(image, [], {
      cwd: dirname(image),
      env: { PATH, HOME, IOTCTL_PORT: String(this.#port) },
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-keptStderrChars);
    });
    const end = (how: string): void => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#ended = how;
      this.#heard = this.#hear(child, () => {
        if (this.#ended === how) this.#ended = [how, stderr.trim()].filter(Boolean).join(": ");
      });
    };
    child.once("error", (error) => end(`it cannot be started: ${messageOf(error)}`));
    // Not at "close", which waits for whoever inherited stderr.
    child.once("exit", (code, signal) => {
      // Whoever it started may have outlived it.
      if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
      end(`it ended with ${signal ?? `exit code ${code}`}`);
    });
    this.#child = child;
    if (child.pid !== undefined) this.#orphans.remember(child.pid, image);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    this.#ended = "stopped";
    if (child?.pid !== undefined) await this.#end(child, child.pid);
    await this.#orphans.end();
  }

  async health(): Promise<PayloadHealth> {
    if (!this.#child) return this.#stopped();
    const answer = await ask(`http://127.0.0.1:${this.#port}/health`);
    // It may have ended while it was asked; another process on the port does not count.
    return this.#child ? answer : this.#stopped();
  }

  async #stopped(): Promise<PayloadHealth> {
    await this.#heard;
    return { kind: "stopped", reason: this.#ended };
  }

  /** Waits a little until nobody holds the stderr of a payload that ended, then lets go of it. */
  async #hear(child: ChildProcess, heard: () => void): Promise<void> {
    const patience = new AbortController();
    child.once("close", () => patience.abort());
    await this.#clock.sleep(lastWordsMs, patience.signal).catch(() => {});
    heard();
    child.stderr?.destroy();
  }

  async #end(child: ChildProcess, pid: number): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise<void>((done) => void child.once("exit", () => done()));
      killGroup(pid, "SIGTERM");
      const grace = new AbortController();
      const patience = this.#clock.sleep(termGraceMs, grace.signal).then(
        () => killGroup(pid, "SIGKILL"),
        () => {},
      );
      await gone;
      grace.abort();
      await patience;
    }
    child.stderr?.destroy();
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone already.
  }
}

function ask(url: string): Promise<PayloadHealth> {
  return new Promise((done) => {
    const unwell = (reason: string): void => done({ kind: "unwell", reason });
    const request = get(url, { agent: false, timeout: answerTimeoutMs }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
        if (text.length > maxAnswerBytes) request.destroy(new Error("its health answer is too long"));
      });
      response.on("error", (error) => unwell(messageOf(error)));
      response.on("end", () => done(readHealth(response.statusCode ?? 0, text)));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${answerTimeoutMs / 1000} s`)));
    request.on("error", (error) => unwell(`it does not answer: ${messageOf(error)}`));
  });
}

function readHealth(status: number, text: string): PayloadHealth {
  if (status !== 200) return { kind: "unwell", reason: `its health answer has status ${status}` };
  try {
    const { version, model } = JSON.parse(text) as Record<string, unknown>;
    if (typeof version === "string") {
      return { kind: "healthy", version, model: typeof model === "string" ? model : null };
    }
  } catch {
    // Said below: an answer without a version, whatever else it is.
  }
  return { kind: "unwell", reason: "its health answer names no version" };
}
