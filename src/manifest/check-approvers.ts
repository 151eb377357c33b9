import { quoted } from "./diagnostic.ts";
import type { DiagnosticLog } from "./diagnostic-log.ts";
import { nearestNode, nodeAt, type SourceNode } from "./source-node.ts";

/** Says what is wrong with the approvers of each environment of an `iotctl.yaml`, beside their shape. */
export function checkApprovers(log: DiagnosticLog, root: SourceNode): void {
  for (const [, environment] of nodeAt(root, ["environments"])?.children ?? []) {
    const approvers = [...(nodeAt(environment, ["approvals", "approvers"])?.children.values() ?? [])];
    for (const approver of approvers) checkProof(log, approver, environment);
    checkTwice(log, approvers);
    checkNumber(log, environment, approvers);
  }
}

/** A key, or an identity with who vouches for it: never both, for then it is not said which has to sign. */
function checkProof(log: DiagnosticLog, approver: SourceNode, environment: SourceNode): void {
  const [name, key, identity, issuer] = ["name", "key", "identity", "issuer"].map((each) =>
    textAt(approver, each),
  );
  const who = name === null || name === undefined ? "An approver" : `The approver ${quoted(name)}`;
  const unclear = (message: string, hint: string): void =>
    log.error(approver.valueOffset, { code: "IOT_MANIFEST_APPROVER_UNCLEAR", message, hint });
  const twoWays = "Write `key: <file>`, or `identity: <address>` with `issuer: <url>`.";
  if (key !== null && (identity !== null || issuer !== null)) {
    unclear(`${who} has a key and an identity.`, "Write two entries of the same name: they are one person.");
  } else if (key === null && identity === null) {
    unclear(`${who} has neither a key nor an identity.`, twoWays);
  } else if (identity !== null && issuer === null) {
    unclear(`${who} has an identity, and nobody to vouch for it.`, "Add `issuer: <url>`.");
  } else if (identity !== null && nodeAt(environment, ["signing", "keyless"]) === null) {
    unclear(
      `${who} signs with an identity, and the environment trusts nobody about identities.`,
      "Add `signing: { keyless: { fulcio, rekor, trusted-root } }`.",
    );
  }
}

function checkTwice(log: DiagnosticLog, approvers: readonly SourceNode[]): void {
  const seen = new Set<string>();
  for (const approver of approvers) {
    const key = textAt(approver, "key");
    const identity = textAt(approver, "identity");
    const proof = key ?? (identity === null ? null : `${identity} of ${textAt(approver, "issuer")}`);
    if (proof === null) continue;
    if (seen.has(proof)) {
      log.error(approver.valueOffset, {
        code: "IOT_MANIFEST_APPROVER_TWICE",
        message: `An approver before this one has ${quoted(proof)} too; whoever has it is one person.`,
      });
    }
    seen.add(proof);
  }
}

function checkNumber(log: DiagnosticLog, environment: SourceNode, approvers: readonly SourceNode[]): void {
  const least = Number(textAt(environment, "approvals", "least") ?? 0);
  const people = new Set(approvers.map((approver) => textAt(approver, "name"))).size;
  if (people === 0 || !(least > people)) return;
  log.error(nearestNode(environment, ["approvals", "least"]).valueOffset, {
    code: "IOT_MANIFEST_APPROVERS_TOO_FEW",
    message: `\`least\` asks for ${least} people, and the approvers are ${people}.`,
    hint: "Name more approvers, or ask for fewer.",
  });
}

function textAt(node: SourceNode, ...path: string[]): string | null {
  return nodeAt(node, path)?.text ?? null;
}
