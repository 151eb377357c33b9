/** What knows numbers about devices and apps in use. */
export interface MetricSource {
  /** For messages: `prometheus`. */
  readonly name: string;
  /**
   * The one number that a query comes to at a moment. What there is no number for is said in words.
   * Throws IOT_METRICS_UNREACHABLE where nothing answers, and only then.
   */
  query(query: string, atMs: number): Promise<MetricAnswer>;
}

export type MetricAnswer =
  | { readonly value: number }
  | {
      /** Why there is no number: `no series matches`. */
      readonly problem: string;
      /** The query is not one, and asked again it never will be. */
      readonly refused?: true;
    };

/** What a source says where a query fits nobody; anything else that is wrong has other words. */
export const noSeries = "no series matches";
