/** Path of a value: keys of mappings and indexes of lists. */
export type Path = readonly PropertyKey[];

/** Where a value stands in the text; a tree of the same shape as the value. */
export interface SourceNode {
  readonly keyOffset: number;
  readonly valueOffset: number;
  /** Where the value ends. */
  readonly endOffset: number;
  /** What a scalar says, as written (`4.10`, not 4.1), variables filled; null for mappings, lists and nothing. */
  readonly text: string | null;
  readonly shape: "mapping" | "list" | "scalar" | "nothing";
  /** Holds a variable that could not be filled, so what it says means nothing. */
  readonly unfilled: boolean;
  readonly children: ReadonlyMap<string, SourceNode>;
}

/** The node at a path, or null when the file does not have it. */
export function nodeAt(root: SourceNode, path: Path): SourceNode | null {
  let node: SourceNode | undefined = root;
  for (const key of path) {
    node = node?.children.get(String(key));
  }
  return node ?? null;
}

/** The deepest node on the way to a path that the file has. */
export function nearestNode(root: SourceNode, path: Path): SourceNode {
  let node = root;
  for (const key of path) {
    const child = node.children.get(String(key));
    if (!child) break;
    node = child;
  }
  return node;
}
