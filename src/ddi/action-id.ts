/** Clients read ids into a C `int`. */
const actionIdMax = 2 ** 31 - 1;
const actionIdMin = 11;

/**
 * The id after `last` (null: the first one). Zephyr skips the first digit of a cancel id and reads
 * the rest as a number, so ids below 11 and a digit followed by zeros alone are never given out.
 */
export function nextActionId(last: number | null): number {
  let id = Math.max((last ?? 0) + 1, actionIdMin);
  while (/^\d0+$/.test(String(id))) id += 1;
  if (id > actionIdMax) throw new RangeError(`Action ids are used up at ${actionIdMax}.`);
  return id;
}

/** The id of a path segment; null when it is not one that is ever given out. */
export function parseActionId(text: string): number | null {
  if (!/^[1-9]\d{1,9}$/.test(text)) return null;
  const id = Number(text);
  return id >= actionIdMin && id <= actionIdMax ? id : null;
}
