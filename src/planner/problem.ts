import { securityCounter } from "../compat/relation.ts";
import { satisfies } from "../compat/versions.ts";
import { alwaysLive, type Part, type VersionId } from "./part.ts";
import type { PlanRequest } from "./plan-request.ts";
import { type Parts, readParts } from "./read-parts.ts";
import { remembered } from "./remembered.ts";

/** A request, made ready for the search. */
export interface Problem extends Pick<Parts, "fits" | "groups" | "lost" | "parts" | "stuck"> {
  readonly request: PlanRequest;
  /** How many versions there are; ids are below it. */
  readonly size: number;
  readonly versionOf: (id: VersionId) => string;
  readonly partOf: (id: VersionId) => Part;
  /** Whether a version fits what lives from the first step to the last. */
  readonly fitsAlways: (id: VersionId) => boolean;
  /** Service: whether the versions before go on being served beside this one. */
  readonly keepsVersions: (service: VersionId) => boolean;
  /** Firmware: the anti-rollback counter of its images. */
  readonly securityCounter: (id: VersionId) => number;
  /** Whether there may be a lockstep: some app of the order bridges, and the gates know who talks to whom. */
  readonly hasBridges: boolean;
  /** Whether an app can update a firmware that it does not fit. */
  readonly bridges: (app: VersionId, firmware: VersionId) => boolean;
}

/** Reads a request once: which versions can play a part, which fit, who can go where. */
export function problemOf(request: PlanRequest): Problem {
  const { relation } = request;
  const { fits, groups, lost, names, owners, parts, stuck } = readParts(request);
  const componentOf = (id: VersionId): string => owners[id]!.component;
  return {
    request,
    parts,
    groups,
    stuck,
    lost,
    size: names.length,
    versionOf: (id) => names[id]!,
    partOf: (id) => owners[id]!,
    fits,
    fitsAlways: remembered(names.length, (id) =>
      owners[id]!.coupled.every((part) => alwaysLive(part).every((other) => fits(id, other))),
    ),
    keepsVersions: (service) => relation.facts(componentOf(service), names[service]!)?.keepsVersions ?? false,
    securityCounter: (id) => securityCounter(relation, componentOf(id), names[id]!),
    hasBridges:
      request.pairing === "observed" &&
      names.some((version, id) => relation.facts(componentOf(id), version)?.bridges !== undefined),
    bridges: (app, firmware) => {
      const range = relation.facts(componentOf(app), names[app]!)?.bridges?.[componentOf(firmware)];
      return range !== undefined && satisfies(names[firmware]!, range);
    },
  };
}
