import type { Relation } from "../compat/relation.ts";
import type { Part, VersionId } from "./part.ts";

/** Each pair is asked about once at most, and only when the search comes across it. */
export function verdictsOf(
  owners: readonly Part[],
  names: readonly string[],
  relation: Relation,
): (a: VersionId, b: VersionId) => boolean {
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
