// Control characters except tab and line feed, and the marks that reorder text (bidi).
// oxlint-disable-next-line no-control-regex -- removing them is what this file is for
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from outside (a device's message, a file's content, a server's answer) made safe to print:
 * escape sequences are removed, so that it can neither recolour nor rewrite the terminal.
 */
export function terminalText(text: string): string {
  return stripEscapes(text).replace(unsafe, "");
}

/** The same on one line, for a table cell or a sentence. */
export function terminalLine(text: string): string {
  return terminalText(text).replace(/\s+/g, " ").trim();
}

function stripEscapes(text: string): string {
  // oxlint-disable-next-line no-control-regex -- an operating system command ends with BEL or ESC \
  return text.replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b\[[0-?]*[ -/]*[@-~]|\u001b./g, "");
}
