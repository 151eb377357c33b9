import type { DdiExecution } from "../ddi/wire.ts";

export type UpdateState =
  | "idle"
  | "accepted"
  | "downloading"
  | "staged"
  | "switching"
  | "trial"
  | "committed"
  | "reverting"
  | "reverted"
  | "reporting";

interface StateRow {
  /** Moves that are allowed; the journal refuses every other. */
  readonly next: readonly UpdateState[];
  /** Whose payload runs: the installed image, or whichever the state itself starts. */
  readonly runs: "installed" | "own";
  /** What a device does that finds itself in this state at start. */
  readonly resume: string;
  /** Whether starting in this state is counted, so that an update which kills the agent ends. */
  readonly countsRestarts: boolean;
  /** Whether the server may still take the update back. */
  readonly cancellable: boolean;
  /** What the device tells the server on entering; null: nothing. Closing reports are the business of `reporting`. */
  readonly report: { readonly execution: DdiExecution; readonly message: string } | null;
}

/**
 * The life of one update. Each move is written to the journal before anything of the new state
 * happens, so after a power cut the device repeats the state it finds. Every state can be repeated.
 */
export const updateStates: Readonly<Record<UpdateState, StateRow>> = {
  idle: {
    next: ["accepted"],
    runs: "installed",
    resume: "runs the installed image; a staged one stays in the spare slot",
    countsRestarts: false,
    cancellable: true,
    report: null,
  },
  accepted: {
    next: ["downloading", "staged", "reporting", "idle"],
    runs: "installed",
    resume: "prepares the spare slot again; bytes of the same image stay",
    countsRestarts: true,
    cancellable: true,
    report: null,
  },
  downloading: {
    next: ["downloading", "staged", "reporting", "idle"],
    runs: "installed",
    resume: "goes on where the bytes end",
    countsRestarts: true,
    cancellable: true,
    report: { execution: "download", message: "downloading" },
  },
  staged: {
    next: ["switching", "downloading", "reporting", "idle"],
    runs: "installed",
    resume:
      "checks the image from its first byte; keeps it if that is all it is for, else checks the pins and switches",
    countsRestarts: true,
    cancellable: true,
    report: { execution: "downloaded", message: "downloaded" },
  },
  switching: {
    next: ["trial", "reverting"],
    runs: "own",
    resume: "switches again to the new slot",
    countsRestarts: true,
    cancellable: false,
    report: { execution: "proceeding", message: "installing" },
  },
  trial: {
    next: ["trial", "committed", "reverting"],
    runs: "own",
    resume: "tries the new image again while tries are left, else reverts",
    countsRestarts: false,
    cancellable: false,
    report: null,
  },
  committed: {
    next: ["reporting"],
    runs: "installed",
    resume: "never reverts; marks the slot as committed",
    countsRestarts: false,
    cancellable: false,
    report: null,
  },
  reverting: {
    next: ["reverted"],
    runs: "own",
    resume: "switches again to the old slot and starts the old image",
    countsRestarts: false,
    cancellable: false,
    report: null,
  },
  reverted: {
    next: ["reporting"],
    runs: "installed",
    resume: "empties the slot of the failed image",
    countsRestarts: false,
    cancellable: false,
    report: null,
  },
  reporting: {
    next: ["idle"],
    runs: "installed",
    resume: "reports what it runs, then the outcome, until the server has taken both",
    countsRestarts: false,
    cancellable: false,
    report: null,
  },
};

export function isUpdateState(text: unknown): text is UpdateState {
  return typeof text === "string" && Object.hasOwn(updateStates, text);
}
