/** The number of `2%` or `0.5%`, 0 to `max`; null when the text is not such a percentage. */
export function parsePercent(text: string, max = 100): number | null {
  const match = /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(text);
  if (!match) return null;
  const value = Number(match[1]);
  return value <= max ? value : null;
}

/** `2%`, `0.5%`: at most two decimals, none that are zero. */
export function formatPercent(percent: number): string {
  return `${Number(percent.toFixed(2))}%`;
}
