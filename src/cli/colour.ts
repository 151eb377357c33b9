import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Styles text for a stream that shows colours; NO_COLOR, FORCE_COLOR, TERM=dumb and pipes are honoured. */
export function colour(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}
