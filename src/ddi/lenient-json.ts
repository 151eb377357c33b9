import type { Parsed } from "./parsed.ts";

const stringToken = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/g;

/**
 * JSON of a device. SWUpdate puts raw line breaks into the log lines of a failure report; refusing
 * them would lose the failure, so control characters inside strings are read as if escaped.
 */
export function parseLenientJson(text: string): Parsed<unknown> {
  try {
    return { value: JSON.parse(text) };
  } catch {
    try {
      return { value: JSON.parse(text.replace(stringToken, escapeControls)) };
    } catch {
      return { problem: "the body is not JSON" };
    }
  }
}

function escapeControls(token: string): string {
  return Array.from(token, (character) =>
    character < " " ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : character,
  ).join("");
}
