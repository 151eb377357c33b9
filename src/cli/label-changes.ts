import { IotctlError } from "../base/errors.ts";

/** Reads `ring=canary` as setting and `ring-` as removing a label; anything else is IOT_USAGE. */
export function parseLabelChanges(words: readonly string[]): Readonly<Record<string, string | null>> {
  return Object.fromEntries(words.map(parseLabelChange));
}

/** The same where labels can only be set. */
export function parseLabels(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const [key, value] = parseLabelChange(word);
      if (value === null) throw notALabel(word, "ring=canary");
      return [key, value];
    }),
  );
}

function parseLabelChange(word: string): [key: string, value: string | null] {
  const set = /^([^=]+)=(.*)$/s.exec(word);
  if (set?.[1] !== undefined && set[2] !== undefined) return [set[1], set[2]];
  const removed = /^(.+)-$/s.exec(word);
  if (removed?.[1] !== undefined) return [removed[1], null];
  throw notALabel(word, "ring=canary to set a label, or ring- to remove one");
}

function notALabel(word: string, example: string): IotctlError {
  return new IotctlError("IOT_USAGE", `\`${word}\` is not a label; write ${example}.`);
}
