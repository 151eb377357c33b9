import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";

/** The directory of the checkout, with a slash at its end. */
export const repositoryRoot = fileURLToPath(new URL("../..", import.meta.url));

/** Paths of files relative to the root, sorted, without what is built or installed. */
export function filesMatching(...patterns: string[]): string[] {
  return globSync(patterns, {
    cwd: repositoryRoot,
    withFileTypes: true,
    exclude: ["**/node_modules/**", "**/.iotctl/**"],
  })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(repositoryRoot.length))
    .toSorted();
}

export function readText(path: string): string {
  return readFileSync(join(repositoryRoot, path), "utf8");
}

export interface Import {
  /** Path relative to the root for our own files, else what is written: `node:fs`, `zod`. */
  readonly target: string;
  /** Erased when the program runs. */
  readonly typeOnly: boolean;
  /** `import()`: loaded when it is reached. */
  readonly dynamic: boolean;
}

const staticImport =
  /^(?:import|export)\s+(type\s+)?(\*(?:\s+as\s+\w+)?|\{[^}]*\}|\w+(?:\s*,\s*\{[^}]*\})?)\s*from\s*"([^"]+)"/gm;
const bareImport = /^import\s*"([^"]+)"/gm;
const dynamicImport = /\bimport\(\s*"([^"]+)"\s*,?\s*\)(\.[A-Z])?/g;

/** What one of our own files imports. */
export function importsOf(path: string): Import[] {
  const text = readText(path);
  const resolved = (target: string): string =>
    target.startsWith(".") ? join(dirname(path), target) : target;
  const found: Import[] = [];
  for (const [, type, names = "", target = ""] of text.matchAll(staticImport)) {
    const onlyTypes = /^\{(\s*type\s[^,}]+,?)+\s*\}$/.test(names);
    found.push({ target: resolved(target), typeOnly: type !== undefined || onlyTypes, dynamic: false });
  }
  for (const [, target = ""] of text.matchAll(bareImport)) {
    found.push({ target: resolved(target), typeOnly: false, dynamic: false });
  }
  for (const [, target = "", member] of text.matchAll(dynamicImport)) {
    found.push({ target: resolved(target), typeOnly: member !== undefined, dynamic: member === undefined });
  }
  return found;
}

const commentOrText = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;

/** The code of a file without comments and plain strings. */
export function codeOf(path: string): string {
  return readText(path).replace(commentOrText, (match) => (match.startsWith("/") ? " " : '""'));
}
