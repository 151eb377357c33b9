/** The name of the object with a number; names sort as their numbers do. */
export function numbered(number: number): string {
  return `${String(number).padStart(12, "0")}.json`;
}

/** The number of an object's name; null when it has none. */
export function numberOf(name: string): number | null {
  return /^\d{12}\.json$/.test(name) ? Number.parseInt(name, 10) : null;
}
