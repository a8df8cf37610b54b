import { collectDefaultMetrics, Registry } from "prom-client";
import type { Gauges, MetricsSnapshot } from "../snapshot.ts";
import type { Metrics } from "./metrics.ts";
import { countDelivering } from "./metrics_delivery.ts";
import { gaugesOf } from "./metrics_gauges.ts";
import { makerFor } from "./metrics_make.ts";
import { countPolicy } from "./metrics_policy.ts";
import { countReceiving } from "./metrics_smtp.ts";
import { packageVersion } from "./version.ts";

/** One registry of this process, fed by events until it is disposed. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) if (NEEDLESS.test(name)) registry.removeSingleMetric(name);
  const maker = makerFor(registry);
  const subscriptions = [countReceiving, countDelivering, countPolicy].flatMap((count) => count(maker));
  const setGauges = gaugesOf(maker);
  const labels = ["version", "node"];
  maker
    .gauge("hopseal_build_info", "1; what runs stands in the labels", { aggregator: "first", labels })
    .set(1, packageVersion(), process.version);
  return {
    async snapshot(gauges: Gauges) {
      setGauges(gauges);
      return (await registry.getMetricsAsJSON()) as unknown as MetricsSnapshot;
    },
    [Symbol.dispose]() {
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
      registry.clear();
    },
  };
}

/** Of the library's own metrics, those that nobody looks at, or that have no value before the first measurement. */
const NEEDLESS = /^nodejs_(?:active_|heap_space_|eventloop_lag_(?:min|mean|stddev)_)/;
