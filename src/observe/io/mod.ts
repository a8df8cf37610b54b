export { type LogOptions, startLog } from "./log.ts";
export { type Metrics, type MetricsFormat, type RenderedMetrics, startMetrics } from "./metrics.ts";
export { formatFor, mergeMetrics, renderMetrics } from "./metrics_text.ts";
