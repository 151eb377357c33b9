/** What the metrics said about one gate at one moment. */
export interface MetricReading {
  readonly atMs: number;
  /** What was measured of the released version, or how many failures were counted; null: no data. */
  readonly value: number | null;
  /** The same of those who were not updated yet, or out of how many the failures are; null: no data, or not asked for. */
  readonly against: number | null;
  /** Why there is no data, in words; null when there is. */
  readonly problem: string | null;
}
