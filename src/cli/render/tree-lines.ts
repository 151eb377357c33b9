/** One line of a tree, and what hangs below it. */
export interface TreeNode {
  readonly text: string;
  readonly children?: readonly TreeNode[];
}

/** Trees as lines, with branches drawn below each root. */
export function treeLines(roots: readonly TreeNode[]): string[] {
  return roots.flatMap(({ children = [], text }) => [text, ...branches(children)]);
}

function branches(nodes: readonly TreeNode[]): string[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1;
    const [first = "", ...rest] = treeLines([node]);
    return [`${isLast ? "└─" : "├─"} ${first}`, ...rest.map((line) => `${isLast ? "  " : "│ "} ${line}`)];
  });
}
