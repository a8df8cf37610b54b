import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { MetricState } from "../snapshot.ts";

/** Makes metrics of one registry. Each returns how to move it; the values of labels come in the order of their names. */
export interface Maker {
  readonly counter: (name: string, help: string, labels?: readonly string[]) => Mover;
  readonly histogram: (name: string, help: string, options: HistogramShape) => Mover;
  readonly gauge: (name: string, help: string, options: GaugeShape) => Setter;
}

export type Mover = (by: number, ...labels: readonly string[]) => void;

export interface Setter {
  readonly set: Mover;
  readonly add: Mover;
  /** Forgets every value, as of things that are gone. */
  readonly clear: () => void;
}

export interface HistogramShape {
  readonly buckets: readonly number[];
  readonly labels?: readonly string[];
}

export interface GaugeShape {
  readonly aggregator: MetricState["aggregator"];
  readonly labels?: readonly string[];
}

export function makerFor(registry: Registry): Maker {
  const registers = [registry];
  return {
    counter(name, help, labels = []) {
      const counter = new Counter({ name, help, labelNames: [...labels], registers });
      const child = children(labels.length, (values) => counter.labels(...values));
      return (by, ...values) => child(values).inc(by);
    },
    histogram(name, help, { buckets, labels = [] }) {
      const histogram = new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers });
      const child = children(labels.length, (values) => histogram.labels(...values));
      return (by, ...values) => child(values).observe(by);
    },
    gauge(name, help, { aggregator, labels = [] }) {
      const gauge = new Gauge({ name, help, labelNames: [...labels], aggregator, registers });
      const child = children(labels.length, (values) => gauge.labels(...values));
      return {
        set: (to, ...values) => child(values).set(to),
        add: (by, ...values) => child(values).inc(by),
        clear() {
          gauge.reset();
          // The library resets what has no label to 0, which would be a value.
          if (labels.length === 0) gauge.remove();
        },
      };
    },
  };
}

/** Keeps what was made for each set of labels. Beyond a bound all further ones are counted as "other". */
function children<C>(labels: number, make: (values: string[]) => C): (values: readonly string[]) => C {
  const kept = new Map<string, C>();
  const other = Array.from({ length: labels }, () => OTHER);
  const childOf = (values: readonly string[]): C => {
    const key = values.length === 1 ? (values[0] as string) : values.join("\n");
    const known = kept.get(key);
    if (known !== undefined) return known;
    if (kept.size >= MOST_CHILDREN && values[0] !== OTHER) return childOf(other);
    const made = make([...values]);
    kept.set(key, made);
    return made;
  };
  return childOf;
}

const OTHER = "other";
/** Time series of one metric. What labels say is a closed list everywhere; this holds should one ever not be. */
export const MOST_CHILDREN = 300;
