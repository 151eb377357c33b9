/** Maps all items with at most `limit` under way at a time; in their order. After a failure no more is begun. */
export async function mapSideBySide<Item, Result>(
  items: readonly Item[],
  limit: number,
  map: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < items.length) {
      const index = begun++;
      try {
        results[index] = await map(items[index]!);
      } catch (error) {
        begun = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
