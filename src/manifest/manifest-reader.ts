import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { quoted } from "./diagnostic.ts";
import type { DiagnosticLog, Problem } from "./diagnostic-log.ts";
import { fillVariables, type UnfilledVariable } from "./fill-variables.ts";
import type { Path, SourceNode } from "./source-node.ts";

const depthMax = 32;
/** How many values aliases may stand for, all together. */
const aliasedNodesMax = 2000;

export interface ReadOptions {
  /** Fills `${NAME}` in text values. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether an unset variable at this path is an error; elsewhere it only makes the value unreadable. */
  readonly needsVariables?: (path: Path) => boolean;
  /** Whether the text at this path is left as written, variables and all. */
  readonly isVerbatim?: (path: Path) => boolean;
  /** Names that mean something in the text at this path as `$name`, so that `${name}` is a mistake. */
  readonly reservedAt?: (path: Path) => readonly string[];
}

/** A value and the place of each part of it. */
export interface Read {
  readonly value: unknown;
  readonly source: SourceNode;
}

type Place = Pick<SourceNode, "keyOffset" | "valueOffset" | "endOffset">;

/** Thrown to leave the recursion once going on would cost too much. */
class TooMuch extends Error {}

/** Turns the nodes of a YAML document into a plain value, within bounds that no manifest reaches. */
export class ManifestReader {
  readonly #log: DiagnosticLog;
  readonly #options: ReadOptions;
  readonly #anchors = new Map<string, Node>();
  #aliasDepth = 0;
  #aliasedNodes = 0;

  constructor(log: DiagnosticLog, options: ReadOptions) {
    this.#log = log;
    this.#options = options;
  }

  /** Null when the log says why there is no value to go on with. */
  read(contents: Node): Read | null {
    try {
      return this.#read(contents, 0, []);
    } catch (error) {
      if (error instanceof TooMuch) return null;
      throw error;
    }
  }

  #read(node: Node | null, keyOffset: number, path: Path): Read {
    const valueOffset = node?.range?.[0] ?? keyOffset;
    const place = { keyOffset, valueOffset, endOffset: node?.range?.[1] ?? valueOffset };
    this.#bound(valueOffset, path.length);
    if (isAlias(node)) return this.#readAlias(node.source, valueOffset, keyOffset, path);
    if (node !== null && "anchor" in node && node.anchor) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#readMapping(node, place, path);
    if (isSeq(node)) return this.#readList(node, place, path);
    return this.#readScalar(node, place, path);
  }

  #bound(offset: number, depth: number): void {
    if (this.#aliasDepth > 0) this.#aliasedNodes++;
    if (depth <= depthMax && this.#aliasedNodes <= aliasedNodesMax) return;
    const problem =
      this.#aliasDepth > 0
        ? {
            code: "IOT_MANIFEST_ALIASES" as const,
            message: "Aliases here stand for more values than a manifest has.",
            hint: "Write the values out, or use fewer aliases (*name) of aliases.",
          }
        : { code: "IOT_MANIFEST_SYNTAX" as const, message: `Values are nested more than ${depthMax} deep.` };
    this.#log.error(offset, problem);
    throw new TooMuch();
  }

  #readAlias(name: string, offset: number, keyOffset: number, path: Path): Read {
    const target = this.#anchors.get(name);
    if (!target) {
      this.#log.error(offset, {
        code: "IOT_MANIFEST_ALIASES",
        message: `No anchor ${quoted(`&${name}`)} stands before this alias.`,
      });
      throw new TooMuch();
    }
    this.#aliasDepth++;
    const read = this.#read(target, keyOffset, path);
    this.#aliasDepth--;
    return read;
  }

  #readMapping(node: YAMLMap, place: Place, path: Path): Read {
    const value: Record<string, unknown> = Object.create(null);
    const children = new Map<string, SourceNode>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const offset = pair.key.range?.[0] ?? place.valueOffset;
      const key = this.#readKey(pair.key, offset);
      if (key === null) continue;
      if (children.has(key)) {
        this.#log.error(offset, {
          code: "IOT_MANIFEST_DUPLICATE_KEY",
          message: `The key ${quoted(key)} stands here a second time.`,
          hint: "Keep one of them.",
        });
        continue;
      }
      const read = this.#read(pair.value, offset, [...path, key]);
      value[key] = read.value;
      children.set(key, read.source);
    }
    return {
      value,
      source: { ...place, text: null, shape: "mapping", unfilled: false, children },
    };
  }

  #readKey(node: Node, offset: number): string | null {
    const key = isScalar(node) ? (node.source ?? String(node.value)) : null;
    if (key === null || key === "__proto__") {
      this.#log.error(offset, {
        code: "IOT_MANIFEST_BAD_VALUE",
        message: "A key is plain text, and not `__proto__`.",
      });
      return null;
    }
    return key;
  }

  #readList(node: YAMLSeq, place: Place, path: Path): Read {
    const children = new Map<string, SourceNode>();
    const value = (node.items as Node[]).map((item, index) => {
      const read = this.#read(item, item.range?.[0] ?? place.valueOffset, [...path, index]);
      children.set(String(index), read.source);
      return read.value;
    });
    return {
      value,
      source: { ...place, text: null, shape: "list", unfilled: false, children },
    };
  }

  #readScalar(node: Scalar | null, place: Place, path: Path): Read {
    const value = node?.value ?? null;
    const at = { ...place, children: new Map() };
    if (value === null) return { value, source: { ...at, text: null, shape: "nothing", unfilled: false } };
    if (typeof value !== "string") {
      const text = node?.source ?? "";
      return { value, source: { ...at, text, shape: "scalar", unfilled: false } };
    }
    const { text, unfilled } = this.#options.isVerbatim?.(path)
      ? { text: value, unfilled: [] }
      : fillVariables(value, this.#options.env, this.#options.reservedAt?.(path));
    if (this.#options.needsVariables?.(path) ?? true) {
      // Escapes and folded lines move text about; a place inside the value is known only when they do not.
      const inside = this.#log.source.slice(place.valueOffset, node?.range?.[1]).indexOf(value);
      for (const variable of unfilled) {
        this.#log.error(
          place.valueOffset + (inside === -1 ? 0 : inside + variable.index),
          variableProblem(variable),
        );
      }
    }
    return { value: text, source: { ...at, text, shape: "scalar", unfilled: unfilled.length > 0 } };
  }
}

function variableProblem({ name, reason }: UnfilledVariable): Problem {
  const keep = `write $\${${name}} to keep the text as it is`;
  const said = {
    unset: [
      `The environment variable ${quoted(name)} is not set.`,
      `Set it (export ${name}=...), or ${keep}.`,
    ],
    malformed: [`${quoted(name)} is not the name of an environment variable.`, `Name one, or ${keep}.`],
    reserved: [`\`\${${name}}\` means nothing here.`, `Write $${name}, without braces.`],
  } as const;
  const [message, hint] = said[reason];
  return { code: "IOT_MANIFEST_VARIABLE", message, hint };
}
