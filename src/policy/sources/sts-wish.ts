import { binds, daneRules, policyDomain, stsNow, takingOf } from "../precedence.ts";
import { refuse } from "../secure.ts";
import type { Finding, PolicyRef, StsFacts, StsTrouble, TlsFacts, TlsResult } from "../types.ts";
import type { Said } from "../wish.ts";
import { expectNamedMx, silent } from "./published.ts";

/** What MTA-STS asks of the host (RFC 8461 §4, §5). */
export function stsWishes(facts: TlsFacts): Said {
  const sts = stsNow(facts);
  if (sts === undefined) return silent();
  if (sts.kind === "none") return silent({ source: "mta-sts", says: sts.why });
  if (sts.kind === "failed") return withoutPolicy(sts.trouble, facts);
  const policy: PolicyRef = { source: "mta-sts", domain: policyDomain(facts), id: sts.id };
  const called = `the MTA-STS policy of ${policyDomain(facts)}`;
  if (sts.mode === "none")
    return silent({ source: "mta-sts", says: `${called} asks for nothing`, rule: "RFC 8461 §5" });
  return withPolicy(sts, { policy, called }, facts);
}

function withPolicy(
  sts: StsFacts & { readonly kind: "policy" },
  { policy, called }: { readonly policy: PolicyRef; readonly called: string },
  facts: TlsFacts,
): Said {
  const yielding = daneRules(facts);
  const observed = sts.mode === "testing" || yielding || !binds(facts, "sts");
  // RFC 8461 §2: it must not override DANE, so it does not join it either.
  const note = yielding ? "; TLSA records come before it" : "";
  const wish = {
    policy,
    level: "secure",
    expectation: expectNamedMx({ policy, mx: sts.mx, called, rule: "RFC 8461 §4.1" }, facts),
    ...(observed ? { observed } : {}),
    because: [{ source: "mta-sts", says: `${called} says "${sts.mode}"${note}`, rule: "RFC 8461 §5" }],
  } as const;
  return { wishes: [wish], known: sts.trouble === undefined ? [] : [finding(policy, sts.trouble)], remarks: [] };
}

/** RFC 8461 §3.3: without a policy the mail goes out as if there were none; what failed is told. */
function withoutPolicy(trouble: StsTrouble, facts: TlsFacts): Said {
  const policy: PolicyRef = { source: "mta-sts", domain: policyDomain(facts) };
  const says = `the MTA-STS policy of ${policyDomain(facts)} could not be had: ${trouble.detail}`;
  const strict = trouble.at === "dns-bogus" && takingOf(facts).stsStrict && binds(facts, "sts") && !daneRules(facts);
  if (!strict) {
    return {
      wishes: [],
      known: [finding(policy, trouble)],
      remarks: [{ source: "mta-sts", says, rule: "RFC 8461 §3.3" }],
    };
  }
  const expectation = refuse("defer", says, { source: "mta-sts", cause: "dns-failure", result: "dnssec-invalid" });
  return { wishes: [{ policy, level: "secure", expectation, because: [] }], known: [], remarks: [] };
}

function finding(policy: PolicyRef, { at, detail }: StsTrouble): Finding {
  const result = RESULT[at];
  return { policy, enforced: false, ok: false, detail, ...(result === undefined ? {} : { result }) };
}

/** RFC 8460 §4.3.2.2; nothing is known to be published where DNS does not answer. */
const RESULT: { readonly [at in StsTrouble["at"]]: TlsResult | undefined } = {
  dns: undefined,
  "dns-bogus": "dnssec-invalid",
  fetch: "sts-policy-fetch-error",
  webpki: "sts-webpki-invalid",
  invalid: "sts-policy-invalid",
};
