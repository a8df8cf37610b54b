import type { MetricsSnapshot, MetricState, MetricValue } from "../snapshot.ts";
import type { MetricsFormat, RenderedMetrics } from "./metrics.ts";

/**
 * The text for a scraper, of all processes together: counters and histograms are summed, and every gauge says itself how
 * several become one. A value that only some have is theirs alone.
 */
export function renderMetrics(snapshots: readonly MetricsSnapshot[], format: MetricsFormat): RenderedMetrics {
  const open = format === "openmetrics";
  const blocks = mergeMetrics(snapshots).map((metric) => blockOf(metric, open));
  return { type: open ? OPENMETRICS : PROMETHEUS, text: `${blocks.join("")}${open ? "# EOF\n" : ""}` };
}

/** One snapshot of several. */
export function mergeMetrics(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const families = Map.groupBy(snapshots.flat(), ({ name }) => name);
  return [...families.values()].map((parts) => mergeFamily(parts));
}

function mergeFamily(parts: readonly MetricState[]): MetricState {
  const first = parts[0] as MetricState;
  const same = Map.groupBy(
    parts.flatMap(({ values }) => values),
    (value) => `${value.metricName ?? ""} ${JSON.stringify(Object.entries(value.labels).sort(byName))}`,
  );
  const values = [...same.values()].map(
    (of): MetricValue => ({
      ...(of[0] as MetricValue),
      value: AGGREGATE[first.aggregator](of.map(({ value }) => value)),
    }),
  );
  return { ...first, values };
}

/** The format that Accept asks for by name; whatever else it says, the one that everybody reads. */
export function formatFor(accept: string | undefined): MetricsFormat {
  return accept?.includes("application/openmetrics-text") === true ? "openmetrics" : "prometheus";
}

function blockOf({ name, help, type, values }: MetricState, open: boolean): string {
  const family = open && type === "counter" && name.endsWith(TOTAL) ? name.slice(0, -TOTAL.length) : name;
  const lines = values.map(
    (value) => `${value.metricName ?? name}${labelsOf(value.labels)} ${numberOf(value.value)}\n`,
  );
  return `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${type}\n${lines.join("")}`;
}

function labelsOf(labels: MetricValue["labels"]): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(String(value)).replaceAll('"', '\\"')}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function numberOf(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const AGGREGATE: { readonly [by in MetricState["aggregator"]]: (values: readonly number[]) => number } = {
  sum,
  average: (values) => sum(values) / values.length,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  first: ([value = Number.NaN]) => value,
  // The library's word for what it cannot add up, such as the time of a start: that of the first process stands.
  omit: ([value = Number.NaN]) => value,
};
const TOTAL = "_total";
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
