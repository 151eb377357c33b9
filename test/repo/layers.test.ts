// The house of src/: pure rooms stay pure, and imports follow the arrows commands -> cli -> rooms -> base.
import { describe, expect, test } from "vitest";
import { codeOf, filesMatching, type Import, importsOf } from "../support/repository.ts";

const modules = filesMatching("src/**/*.ts");
const imports = new Map<string, Import[]>(modules.map((path) => [path, importsOf(path)]));

const pureRooms = ["src/compat/", "src/planner/", "src/artifacts/", "src/rollout/engine/"];
const purePackages = ["semver"];
const impureWords =
  /\bawait\b|\basync\b|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bperformance\.|\bset(Timeout|Interval|Immediate)\b|\bfetch\(|\bconsole\.|\bcrypto\./;

function inPureRoom(path: string): boolean {
  return pureRooms.some((room) => path.startsWith(room));
}

/** `src/fleet/embedded/x.ts` is part of the adapter `src/fleet/embedded/`. */
function adapterOf(path: string): string | null {
  return /^src\/(?:fleet|metrics|storage|storefronts|rollout\/journal)\/[^/]+\//.exec(path)?.[0] ?? null;
}

function layerOf(path: string): "commands" | "cli" | "base" | "room" {
  const [, folder] = path.split("/");
  return folder === "commands" || folder === "cli" || folder === "base" ? folder : "room";
}

function eachImport(): { from: string; to: Import }[] {
  return [...imports].flatMap(([from, targets]) => targets.map((to) => ({ from, to })));
}

function violations(forbidden: (from: string, to: Import) => boolean): string[] {
  return eachImport()
    .filter(({ from, to }) => forbidden(from, to))
    .map(({ from, to }) => `${from} -> ${to.target}`);
}

/** Everything a module brings along when it is loaded. */
function closureOf(path: string, seen = new Set<string>()): Set<string> {
  for (const { target, typeOnly } of imports.get(path) ?? []) {
    if (typeOnly || seen.has(target)) continue;
    seen.add(target);
    closureOf(target, seen);
  }
  return seen;
}

test("the scanner sees the house", () => {
  expect(modules.length).toBeGreaterThan(50);
  expect(eachImport().length).toBeGreaterThan(100);
  const missing = eachImport().filter(({ to }) => to.target.startsWith("src/") && !imports.has(to.target));
  expect(missing).toEqual([]);
});

describe("pure rooms", () => {
  test("bring along nothing of Node and no package that is not pure", () => {
    const impure = modules.filter(inPureRoom).flatMap((path) =>
      [...closureOf(path)]
        .filter((target) => !target.startsWith("src/"))
        .filter((target) => !purePackages.includes(target.split("/")[0] ?? ""))
        .map((target) => `${path} brings along ${target}`),
    );
    expect(impure).toEqual([]);
  });

  test("read no clock, draw no random number, await nothing", () => {
    const impure = modules.filter(inPureRoom).flatMap((path) => {
      const found = impureWords.exec(codeOf(path));
      return found === null ? [] : [`${path}: ${found[0]}`];
    });
    expect(impure).toEqual([]);
  });
});

describe("arrows", () => {
  test("nothing imports a command", () => {
    expect(violations((_, to) => to.target.startsWith("src/commands/"))).toEqual([]);
  });

  test("only commands and cli import cli", () => {
    expect(
      violations(
        (from, to) => to.target.startsWith("src/cli/") && !["commands", "cli"].includes(layerOf(from)),
      ),
    ).toEqual([]);
  });

  test("base imports nothing but base", () => {
    expect(
      violations(
        (from, to) =>
          layerOf(from) === "base" && to.target.startsWith("src/") && layerOf(to.target) !== "base",
      ),
    ).toEqual([]);
  });

  test("adapters never import each other", () => {
    expect(
      violations((from, to) => {
        const [one, other] = [adapterOf(from), adapterOf(to.target)];
        return one !== null && other !== null && one !== other;
      }),
    ).toEqual([]);
  });

  test("only cli composes ports with adapters; wire shapes may be shared", () => {
    expect(
      violations((from, to) => {
        const adapter = adapterOf(to.target);
        if (adapter === null || to.typeOnly || from.startsWith(adapter)) return false;
        return layerOf(from) !== "cli" && !to.target.endsWith("/wire.ts");
      }),
    ).toEqual([]);
  });

  test("no import cycle", () => {
    expect(cycles()).toEqual([]);
  });
});

/** Cycles of imports that remain at run time, each as `a -> b -> a`. */
function cycles(): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at !== -1) found.push([...trail.slice(at), path].join(" -> "));
    if (at !== -1 || done.has(path)) return;
    for (const { target, typeOnly, dynamic } of imports.get(path) ?? []) {
      if (!typeOnly && !dynamic && imports.has(target)) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of modules) visit(path, []);
  return found;
}
