/** One measured number. A ratio is against a reference measured in the same run. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly against?: string;
  readonly ratio?: number;
  /** How many runs the number is the median of. */
  readonly n: number;
}

/** Prints a figure as one line of JSON, numbers with three significant digits. */
export function reportFigure({ against = "", ratio, value, ...figure }: Figure): void {
  const round = (number: number): number => Number(number.toPrecision(3));
  const line = { ...figure, value: round(value), against, ratio: ratio === undefined ? null : round(ratio) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The middle of a list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] =
    sorted.length % 2 === 0 ? [sorted[middle - 1], sorted[middle]] : [sorted[middle], sorted[middle]];
  return (low + high) / 2;
}
