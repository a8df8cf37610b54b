import type { Setting } from "./explain.ts";
import type { Config } from "./types.ts";

/** `[policy]` and what follows from it. */
export function policySettings({ policy }: Config): readonly Setting[] {
  const setting = (key: string, value: string, means: string): Setting => ({
    key: `policy.${key}`,
    value: JSON.stringify(value),
    means,
  });
  return [
    setting("dane", policy.dane, DANE[policy.dane]),
    setting("mta_sts", policy.mta_sts, STS[policy.mta_sts]),
    setting("requiretls", policy.requiretls, REQUIRETLS[policy.requiretls]),
    setting("tls_required_no", policy.tls_required_no, NO_TLS[policy.tls_required_no]),
    ...(policy.discover
      ? [
          {
            key: "policy.discover",
            value: "true",
            means: "Enforces nothing of what is published, and logs what would have been",
          },
        ]
      : []),
  ];
}

type Means<K extends keyof Config["policy"]> = { readonly [value in Config["policy"][K] & string]: string };

const DANE: Means<"dane"> = {
  on: "TLSA records bind: a host that they do not prove gets no mail",
  audit: "TLSA records are checked and reported, and bind nobody",
  off: "Nobody asks for TLSA records",
};
const STS: Means<"mta_sts"> = {
  on: 'MTA-STS policies are fetched, kept, renewed daily, and bind where they say "enforce"',
  audit: "MTA-STS policies are checked and reported, and bind nobody",
  off: "Nobody asks for MTA-STS policies",
};
const REQUIRETLS: Means<"requiretls"> = {
  enforce: "REQUIRETLS is offered, and kept on the way to the next hop",
  encrypt: "REQUIRETLS is offered, and only asks for encryption on the way",
  opportunistic: "REQUIRETLS is offered, and asks for nothing on the way",
  off: "REQUIRETLS is not offered",
};
const NO_TLS: Means<"tls_required_no"> = {
  all: "Every sender may ask for delivery before protection (TLS-Required: No)",
  authenticated: "Our own senders may ask for delivery before protection (TLS-Required: No)",
  ignore: "TLS-Required: No is ignored",
};
