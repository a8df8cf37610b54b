/** The metrics of one process at one moment, as plain data that may cross a process boundary. */
export type MetricsSnapshot = readonly MetricState[];

export interface MetricState {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  /** How the same of several processes become one. */
  readonly aggregator: "sum" | "first" | "min" | "max" | "average" | "omit";
  readonly values: readonly MetricValue[];
}

export interface MetricValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Of a part, such as the bucket of a histogram. */
  readonly metricName?: string;
}

/** What only somebody who asks the house can know; absent where it could not be had. */
export interface Gauges {
  readonly queue?: {
    readonly messages: number;
    readonly units: { readonly due: number; readonly waiting: number; readonly leased: number; readonly held: number };
    /** Seconds that the unit due for longest has waited; 0 when none is due. */
    readonly oldestDue: number;
  };
  /** Units that are being delivered. */
  readonly underWay: number;
  readonly paused: {
    readonly receiving: boolean;
    readonly sending: boolean;
    readonly draining: boolean;
    readonly destinations: number;
  };
  /** Seconds until the first of our certificates ends; absent without any. */
  readonly certificate?: number;
  /** By the name in the configuration, in seconds; those that ended are negative. */
  readonly lists: readonly { readonly name: string; readonly age: number; readonly expiry: number }[];
  /** Octets on the file system of the queue. */
  readonly disk?: { readonly free: number; readonly size: number };
}
