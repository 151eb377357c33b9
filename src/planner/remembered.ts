import type { VersionId } from "./part.ts";

/** A yes or no about each version, asked once at most. */
export function remembered(size: number, ask: (id: VersionId) => boolean): (id: VersionId) => boolean {
  const answers = new Uint8Array(size);
  return (id) => {
    if (answers[id] === 0) answers[id] = ask(id) ? 1 : 2;
    return answers[id] === 1;
  };
}
