import { Exit } from "../base/error-codes.ts";

const signals = ["SIGINT", "SIGTERM"] as const;

/** Until a command asks to be told, Ctrl-C ends the process with 130. */
export function exitOnInterrupt(): void {
  process.on("SIGINT", exitInterrupted);
}

/**
 * A signal that is aborted by the first SIGINT or SIGTERM, for commands that stop in good order;
 * the second one ends the process at once.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  process.off("SIGINT", exitInterrupted);
  const onSignal = (): void => {
    if (controller.signal.aborted) exitInterrupted();
    controller.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return controller.signal;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function exitInterrupted(): never {
  process.exit(Exit.interrupted);
}
