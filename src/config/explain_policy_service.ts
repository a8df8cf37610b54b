import type { Setting } from "./explain.ts";
import type { Config } from "./types.ts";

/** `[policy_service]`, where there is one. */
export function policyServiceSettings({ policy_service: { address, path, open } }: Config): readonly Setting[] {
  const where = [
    ...(address === undefined ? [] : [`${address.host}:${address.port}`]),
    ...(path === undefined ? [] : [path]),
  ];
  if (where.length === 0) return [];
  return [
    {
      key: "policy_service",
      value: where.join(", "),
      means: `Tells other mail servers the TLS policy of next hops; where nothing asks for more, ${OPEN[open]}`,
    },
  ];
}

const OPEN = { may: '"may"', notfound: "nothing, so that their own default counts" } as const;
