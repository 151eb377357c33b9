import type { Relation } from "../compat/relation.ts";
import { satisfies } from "../compat/versions.ts";
import { alwaysLive, type Part, type VersionId } from "./part.ts";
import type { PlanRequest } from "./plan-request.ts";
import { type Parts, readParts } from "./read-parts.ts";
import { remembered } from "./remembered.ts";

/** A request, made ready for the search. */
export interface Problem extends Pick<Parts, "groups" | "lost" | "parts" | "stuck"> {
  readonly request: PlanRequest;
  /** How many versions there are; ids are below it. */
  readonly size: number;
  readonly versionOf: (id: VersionId) => string;
  readonly partOf: (id: VersionId) => Part;
  /** Whether two versions fit: nothing but compatible passes. */
  readonly fits: (a: VersionId, b: VersionId) => boolean;
  /** Whether a version fits what lives from the first step to the last. */
  readonly fitsAlways: (id: VersionId) => boolean;
  /** Service: whether the versions before go on being served beside this one. */
  readonly keepsVersions: (service: VersionId) => boolean;
  /** Whether an app can update a firmware that it does not fit. */
  readonly bridges: (app: VersionId, firmware: VersionId) => boolean;
}

/** Reads a request once: which versions can play a part, which fit, who can go where. */
export function problemOf(request: PlanRequest): Problem {
  const { relation } = request;
  const { groups, lost, names, owners, parts, stuck } = readParts(request);
  const componentOf = (id: VersionId): string => owners[id]!.component;
  const fits = verdictTable(owners, names, relation);
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
    bridges: (app, firmware) => {
      const range = relation.facts(componentOf(app), names[app]!)?.bridges?.[componentOf(firmware)];
      return range !== undefined && satisfies(names[firmware]!, range);
    },
  };
}

/** Each pair is asked about once at most, and only when the search comes across it. */
function verdictTable(
  owners: readonly Part[],
  names: readonly string[],
  relation: Relation,
): Problem["fits"] {
  const size = names.length;
  const rows: (Uint8Array | undefined)[] = [];
  const fits = 1;
  const clashes = 2;
  return (a, b) => {
    const row = (rows[a] ??= new Uint8Array(size));
    const known = row[b];
    if (known !== 0) return known === fits;
    const one = { component: owners[a]!.component, version: names[a]! };
    const other = { component: owners[b]!.component, version: names[b]! };
    const good = one.component === other.component || relation.verdict(one, other).kind === "compatible";
    row[b] = good ? fits : clashes;
    return good;
  };
}
