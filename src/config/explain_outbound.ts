import type { Setting } from "./explain.ts";
import type { Config } from "./types.ts";

/** `[outbound]` */
export function outboundSettings({ outbound }: Config): readonly Setting[] {
  return [
    { key: "outbound.port", value: String(outbound.port), means: "Where MX hosts are dialled" },
    {
      key: "outbound.networks",
      value: JSON.stringify(outbound.networks.map(({ address, prefix }) => `${address}/${prefix}`)),
      means: "Networks, beside public ones, in which hosts that MX records name may stand",
    },
    {
      key: "outbound.concurrency",
      value: String(outbound.concurrency),
      means: `Deliveries at once, ${outbound.per_destination} of them to one destination`,
    },
    {
      key: "outbound.roots",
      value: JSON.stringify(outbound.roots),
      means: "The roots that judge certificates where a policy demands it",
    },
  ];
}
