import type { Clock } from "../../base/clock.ts";

export interface ProgressLine {
  show(text: string): void;
  clear(): void;
}

/** Work that is over sooner needs no progress. */
const quietMs = 1000;
const redrawMs = 100;
const eraseLine = "\r\u001b[2K";

/** One line on a terminal that is drawn over again and erased in the end; nothing where there is no terminal. */
export function progressLine(stream: NodeJS.WriteStream | null, clock: Clock): ProgressLine {
  if (!stream?.isTTY) return { show: () => {}, clear: () => {} };
  const startMs = clock.now();
  let drawnAtMs = startMs + quietMs - redrawMs;
  let isDrawn = false;
  return {
    show(text) {
      if (clock.now() - drawnAtMs < redrawMs) return;
      drawnAtMs = clock.now();
      isDrawn = true;
      stream.write(`${eraseLine}${text}`);
    },
    clear() {
      if (isDrawn) stream.write(eraseLine);
      isDrawn = false;
    },
  };
}
