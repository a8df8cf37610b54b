/**
 * Metrics for Prometheus. Every process has one registry, which counts the events of `events.ts`; a snapshot of it is plain
 * data, so that a parent can gather those of its workers and render all of them as one. The library is loaded when
 * metrics are wanted, and nothing is counted before.
 */
import type { Gauges, MetricsSnapshot } from "../snapshot.ts";

export interface Metrics extends Disposable {
  /** Of everything counted so far, with the gauges as given. */
  snapshot(gauges: Gauges): Promise<MetricsSnapshot>;
}

export type MetricsFormat = "prometheus" | "openmetrics";

export interface RenderedMetrics {
  /** The value of Content-Type. */
  readonly type: string;
  readonly text: string;
}

/** Begins to count. */
export async function startMetrics(): Promise<Metrics> {
  const { createMetrics } = await import("./metrics_registry.ts");
  return createMetrics();
}
