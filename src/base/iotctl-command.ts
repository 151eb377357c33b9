/** A command for people to paste, for the environment it was said about: `local` is what they get without asking. */
export function iotctlCommand(words: string, environment: string): string {
  return `iotctl ${words}${environment === "local" ? "" : ` --env ${environment}`}`;
}
