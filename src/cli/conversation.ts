import { colour } from "./colour.ts";
import { terminalText } from "./terminal-text.ts";

/** What a command says to people while it works: always stderr, so that stdout holds the result alone. */
export interface Conversation {
  info(text: string): void;
  warn(text: string): void;
}

export const stderrConversation: Conversation = {
  info: (text) => void process.stderr.write(`${terminalText(text)}\n`),
  warn: (text) =>
    void process.stderr.write(`${colour("yellow", "Warning:", process.stderr)} ${terminalText(text)}\n`),
};

/** Under `--json` nobody reads along. */
export const silentConversation: Conversation = { info: () => {}, warn: () => {} };
