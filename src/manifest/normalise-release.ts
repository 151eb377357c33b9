import { parseDuration } from "../base/durations.ts";
import { parsePercent } from "../base/percentages.ts";
import { builtInGates } from "./gate-defaults.ts";
import { normaliseGate } from "./normalise-gate.ts";
import { normaliseStages } from "./normalise-stages.ts";
import type { Component, Gate, KnownVersion, Release } from "./release.ts";
import type { ReleaseInput } from "./release-schema.ts";

const thirtyDaysMs = 30 * 24 * 60 * 60 * 1000;

/** The release that a valid `release.yaml` means, with every default filled in. */
export function normaliseRelease(input: ReleaseInput): Release {
  const stages = normaliseStages(input.rollout?.stages ?? [{ name: "fleet", devices: "100%", apps: "100%" }]);
  return {
    apiVersion: input.apiVersion,
    kind: input.kind,
    product: input.product,
    version: input.version,
    components: mapValues(input.components, component),
    known: mapValues(input.known ?? {}, (versions) => mapValues(versions, knownVersion)),
    rollout: { stages },
    gates: {
      ...usedBuiltIns(stages.flatMap((stage) => stage.gates)),
      ...mapValues(input.gates ?? {}, normaliseGate),
    },
    retire: {
      belowPercent: parsePercent(input.retire?.below ?? "0.5%")!,
      unseenMs: input.retire?.unseen ? parseDuration(input.retire.unseen)! : thirtyDaysMs,
    },
    pairing: input.pairing ?? "arbitrary",
    onFailure: input["on-failure"] ?? "hold",
  };
}

function component(input: ReleaseInput["components"][string]): Component {
  const requires = { ...input.requires };
  switch (input.kind) {
    case "app": {
      const { kind, version, platform, id, artifact } = input;
      return { kind, version, platform, id, artifact, requires, ...present(bridgesOf(input)) };
    }
    case "firmware": {
      const { kind, version, variants, "installs-over": installsOver } = input;
      const limits = present({ installsOver, ...counterOf(input) });
      return { kind, version, variants: { ...variants }, ...limits, requires };
    }
    case "service": {
      const { kind, version, deploy, observe } = input;
      const keepsVersions = input["keeps-versions"] ? (true as const) : undefined;
      return { kind, version, requires, ...present({ deploy, observe, keepsVersions }) };
    }
  }
}

function knownVersion(input: NonNullable<ReleaseInput["known"]>[string][string]): KnownVersion {
  const { artifact, variants, stuck, "installs-over": installsOver } = input;
  return {
    requires: { ...input.requires },
    ...present({ artifact, variants, installsOver, ...bridgesOf(input), ...counterOf(input), stuck }),
  };
}

/** A counter of 0 says the same as none, and releases that have none are read by everybody. */
function counterOf({ "security-counter": counter }: { "security-counter"?: number | undefined }) {
  return { securityCounter: counter === 0 ? undefined : counter };
}

/** An empty mapping says the same as none. */
function bridgesOf({ bridges }: { bridges?: Record<string, string> | undefined }) {
  return { bridges: bridges && Object.keys(bridges).length > 0 ? { ...bridges } : undefined };
}

function usedBuiltIns(names: readonly string[]): Record<string, Gate> {
  return Object.fromEntries(Object.entries(builtInGates).filter(([name]) => names.includes(name)));
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

type Present<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

/** Without the members that are undefined: absent and undefined are different things to a canonical form. */
function present<Value extends object>(value: Value): Present<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Present<Value>;
}
