import type { Setting } from "./explain.ts";
import type { Config } from "./types.ts";

/** `[metrics]`, where there is one. */
export function metricsSettings({ metrics: { address, path } }: Config): readonly Setting[] {
  const where = [
    ...(address === undefined ? [] : [`${address.host}:${address.port}`]),
    ...(path === undefined ? [] : [path]),
  ];
  if (where.length === 0) return [];
  return [
    { key: "metrics", value: where.join(", "), means: "Answers /metrics, /healthz and /readyz there, over HTTP" },
  ];
}
