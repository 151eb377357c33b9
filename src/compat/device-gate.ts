import { type Relation, securityCounter } from "./relation.ts";
import { type ComponentVersion, explainVerdict, formatComponentVersion, type Verdict } from "./verdict.ts";

export interface GateRequest {
  readonly device: {
    readonly hardware: string;
    /** The firmware version the device reports; null when it never reported one. */
    readonly installed: string | null;
    /** App versions the device talks to. */
    readonly pairedApps: readonly ComponentVersion[];
    /** Versions of other components it meets: services, other firmware. */
    readonly peers: readonly ComponentVersion[];
    readonly busy: boolean;
    /** The highest security counter it remembers to have run; absent: no higher than what it runs. */
    readonly securityCounter?: number;
  };
  readonly target: ComponentVersion;
  readonly relation: Relation;
  /** On the way back to a version the device ran before, `installs-over` does not count; security counters do. */
  readonly rollback: boolean;
}

export type GateReasonCode =
  | "busy"
  | "hardware"
  | "version-unknown"
  | "already-installed"
  | "anti-rollback"
  | "installs-over"
  | "incompatible";

export interface Admission {
  readonly admitted: boolean;
  /** The device sits in an incompatible pair today, which the update would end. */
  readonly repairs: boolean;
  /** Everything that stands against it; empty when admitted. */
  readonly reasons: readonly { readonly code: GateReasonCode; readonly message: string }[];
}

/**
 * Whether one device may get one firmware version now. Every paired app and every peer must be
 * compatible with the new and with the installed version, since both may run until the update has
 * ended. A peer that the installed version is declared incompatible with is a broken pair already:
 * the update repairs it, so only the new version is asked about, and `repairs` is true.
 */
export function admitDevice({ device, target, relation, rollback }: GateRequest): Admission {
  const reasons: { code: GateReasonCode; message: string }[] = [];
  const refuse = (code: GateReasonCode, message: string): void => void reasons.push({ code, message });
  const name = formatComponentVersion(target);

  const variants = relation.facts(target.component, target.version)?.hardware ?? [];
  if (!variants.includes(device.hardware)) {
    refuse("hardware", `${name} has no image for ${device.hardware || "unknown hardware"}`);
  }
  const counter = securityCounter(relation, target.component, target.version);
  const ran = counterRun(device, target.component, relation);
  if (counter < ran) {
    refuse("anti-rollback", `${name} has security counter ${counter}, the device has run one with ${ran}`);
  }
  if (device.busy) refuse("busy", "another update is under way on the device");
  if (device.installed === null) {
    refuse("version-unknown", "the device has not said which version it runs");
  } else if (device.installed === target.version) {
    refuse("already-installed", `the device runs ${name} already`);
  } else if (!rollback && counter >= ran && !relation.installsOver(target, device.installed)) {
    const range = relation.facts(target.component, target.version)?.installsOver;
    refuse(
      "installs-over",
      `${name} installs over ${range ?? "lower versions"}, the device runs ${device.installed}`,
    );
  }

  let broken = false;
  for (const peer of [...device.pairedApps, ...device.peers]) {
    const verdict = relation.verdict(target, peer);
    if (verdict.kind !== "compatible") refuse("incompatible", disagreement(target, peer, verdict));
    if (device.installed === null) continue;
    const installed = { component: target.component, version: device.installed };
    const today = relation.verdict(installed, peer);
    broken ||= today.kind === "incompatible";
    if (today.kind === "unknown") refuse("incompatible", disagreement(installed, peer, today));
  }
  return { admitted: reasons.length === 0, repairs: broken, reasons };
}

function counterRun(
  { installed, securityCounter: remembered = 0 }: GateRequest["device"],
  component: string,
  relation: Relation,
): number {
  return Math.max(remembered, installed === null ? 0 : securityCounter(relation, component, installed));
}

function disagreement(target: ComponentVersion, peer: ComponentVersion, verdict: Verdict): string {
  const problem = verdict.kind === "unknown" ? "not known to fit" : "does not fit";
  return `${formatComponentVersion(peer)} ${problem} ${formatComponentVersion(target)}: ${explainVerdict(target, peer, verdict)}`;
}
