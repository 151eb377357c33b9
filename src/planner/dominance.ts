import type { Label } from "./order-search.ts";

/** Labels of a search, of which those are left out that another at the same stage makes needless. */
export class Dominance {
  readonly #seen = new Map<string, Label[]>();
  readonly #dominates: (a: Label, b: Label) => boolean;

  constructor(dominates: (a: Label, b: Label) => boolean) {
    this.#dominates = dominates;
  }

  /** Whether another way to the same stage makes a label needless; remembers the label if not. */
  includes(label: Label): boolean {
    const key = label.stage.map((live) => live.join()).join(" ");
    const others = this.#seen.get(key) ?? [];
    if (others.some((other) => this.#dominates(other, label))) return true;
    this.#seen.set(key, [...others, label]);
    return false;
  }
}
