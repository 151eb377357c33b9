interface Entry<Item> {
  readonly atMs: number;
  readonly order: number;
  readonly item: Item;
}

/** A queue by instant (a binary heap): the earliest comes out first, equals in the order they went in. */
export class Schedule<Item> {
  readonly #heap: Entry<Item>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(atMs: number, item: Item): void {
    const heap = this.#heap;
    const entry = { atMs, order: this.#order++, item };
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Takes out what is due at `nowMs`, earliest first, at most `limit`. */
  takeDue(nowMs: number, limit = Infinity): Item[] {
    const due: Item[] = [];
    while (due.length < limit && this.#heap.length > 0 && this.#heap[0]!.atMs <= nowMs)
      due.push(this.#take());
    return due;
  }

  #take(): Item {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first.item;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first.item;
  }
}

function isBefore<Item>(a: Entry<Item>, b: Entry<Item>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
