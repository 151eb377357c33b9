/** Every kind of problem a manifest can have; the codes are stable and explained in docs/manifest.md. */
export const diagnosticCatalogue = {
  IOT_MANIFEST_SYNTAX: "The text is not one YAML document with a mapping at the top.",
  IOT_MANIFEST_DUPLICATE_KEY: "A mapping holds the same key twice.",
  IOT_MANIFEST_ALIASES: "Aliases expand to more values than a manifest can need, or contain themselves.",
  IOT_MANIFEST_VARIABLE: "A `${NAME}` names a variable that is not set, or is not a name.",
  IOT_MANIFEST_UNKNOWN_KEY: "A key that the schema does not have.",
  IOT_MANIFEST_MISSING_KEY: "A key that must be there is not, or has no value.",
  IOT_MANIFEST_BAD_VALUE: "A value of the wrong kind or out of bounds.",
  IOT_MANIFEST_COMPONENT_UNKNOWN:
    "A pin, a bridge, a gate or a known version names a component that the release does not have.",
  IOT_MANIFEST_PIN_ON_ITSELF: "A component requires itself.",
  IOT_MANIFEST_PIN_UNSATISFIABLE: "No version in this file lies in the range of a pin.",
  IOT_MANIFEST_PIN_CONTRADICTED: "A pin refuses the version of its peer in the same release.",
  IOT_MANIFEST_BRIDGE_TO_OTHER: "An app bridges a component that is not firmware.",
  IOT_MANIFEST_BRIDGE_UNUSED: "An app bridges firmware, but no plan uses that without `pairing: observed`.",
  IOT_MANIFEST_KNOWN_IS_RELEASED: "A known version is the one that this release brings.",
  IOT_MANIFEST_KNOWN_MISFIT: "A known version has a key that its kind of component does not take.",
  IOT_MANIFEST_APP_TWICE: "Two app components are the same app in the same store.",
  IOT_MANIFEST_HARDWARE_TWICE: "Two firmware components have an image for the same hardware model.",
  IOT_MANIFEST_INSTALLS_OVER_ITSELF: "The range of installs-over contains the version that is installed.",
  IOT_MANIFEST_COUNTER_FALLS: "Firmware has a lower security counter than a known version below it.",
  IOT_MANIFEST_STAGE_TWICE: "Two stages have the same name.",
  IOT_MANIFEST_STAGE_EMPTY: "A stage selects neither devices nor app users.",
  IOT_MANIFEST_STAGE_UNREACHABLE: "An earlier stage already covers every device and every user.",
  IOT_MANIFEST_PERCENT_FALLS: "A percentage is lower than one before it; a share never shrinks.",
  IOT_MANIFEST_ROLLOUT_PARTIAL: "The last stage ends below 100 %.",
  IOT_MANIFEST_GATE_UNKNOWN: "A stage names a gate that is not defined.",
  IOT_MANIFEST_GATE_MISSING: "A stage has no gate but dry runs, so nothing stops a bad update.",
  IOT_MANIFEST_GATE_VERSIONS:
    "A query says `$versions` where that means nothing, or lacks it where versions are compared.",
  IOT_MANIFEST_GATE_WINDOW:
    "A gate of `count` counts over a window that slides, so it forgets what it has seen.",
  IOT_MANIFEST_GATE_DEADLINE: "A gate is asked so seldom that its deadline passes in between.",
  IOT_MANIFEST_FREEZE_EMPTY: "A freeze is over before it begins.",
  IOT_MANIFEST_ARTIFACT_MISSING: "An artifact is not a readable file.",
  IOT_MANIFEST_APPROVER_UNCLEAR:
    "An approver has neither a key nor an identity with its issuer, or has both, or nobody is trusted about it.",
  IOT_MANIFEST_APPROVER_TWICE:
    "Two approvers have the same key or the same identity; one of them is one person.",
  IOT_MANIFEST_APPROVERS_TOO_FEW: "`least` asks for more people than `approvers` names.",
  IOT_MANIFEST_SECRET: "A secret stands in the file instead of the name of a variable.",
} as const satisfies Record<string, string>;
export type DiagnosticCode = keyof typeof diagnosticCatalogue;

/** One problem of a manifest. Lines and columns count from 1; columns count UTF-16 units. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly code: DiagnosticCode;
  readonly message: string;
  /** As the caller named it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly hint?: string;
}

/** Text of a manifest inside a sentence: one line, no control characters, not too long. */
export function quoted(text: string): string {
  const printable = text.replaceAll(/\p{C}/gu, "\u{fffd}");
  return `\`${printable.length > 60 ? `${printable.slice(0, 57)}...` : printable}\``;
}
