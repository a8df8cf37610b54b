/**
 * What is published about a host as it counts at the time of the decision. The rule for age: nothing that has ended is
 * used as a policy. TLSA answers that have ended prove nothing, not even an absence, so they must be asked for again; an
 * MTA-STS policy that has ended is none (RFC 8461 §3.2); a list goes on being enforced, for an attacker who keeps updates
 * away must gain nothing, and its end is told.
 */
import type { Security } from "../dns/mod.ts";
import type { DaneFacts, StsFacts, Taking, TlsFacts } from "./types.ts";

/** As it is published, REQUIRETLS to the letter. */
export const AS_PUBLISHED: Taking = {
  dane: "enforce",
  sts: "enforce",
  list: "enforce",
  stsStrict: false,
  daneInsecureMx: false,
  requireTls: "enforce",
  discover: false,
};

export function takingOf(facts: TlsFacts): Taking {
  return facts.taking ?? AS_PUBLISHED;
}

/** Whether what this source publishes binds, as far as the operator has a say. */
export function binds(facts: TlsFacts, source: "dane" | "sts" | "list"): boolean {
  const taking = takingOf(facts);
  return taking[source] === "enforce" && !taking.discover;
}

/** What DANE says now of this host; undefined when nobody looked. */
export function daneNow(facts: TlsFacts): DaneFacts | undefined {
  const { dane, now, host } = facts;
  if (dane === undefined) return undefined;
  if (host.literal) return { kind: "off", why: `${host.name} is an address` };
  const { kind } = dane;
  if (kind === "off" || kind === "failed") return dane;
  if (dane.expires !== undefined && dane.expires <= now) {
    return { kind: "failed", cause: "unavailable", detail: "the answer for TLSA records is out of date" };
  }
  if (kind === "absent" || !isUnsigned(dane, facts) || takingOf(facts).daneInsecureMx) return dane;
  return { kind: "absent", why: `the MX answer for ${facts.destination} is not signed` };
}

/** Whether the host was named by an MX answer that nobody signed, by what either of the two look-ups says. */
function isUnsigned({ mx }: { readonly mx: Security }, { host }: TlsFacts): boolean {
  return mx === "insecure" || (host.learnt === "mx" && host.mxSecurity === "insecure");
}

/** The domain whose word the published policies are: that of the recipients, or the fixed next hop (RFC 8461 §3.4). */
export function policyDomain({ host, destination }: TlsFacts): string {
  return host.learnt === "configured" ? host.name : destination;
}

/** What MTA-STS says now of the destination; undefined when nobody looked. */
export function stsNow(facts: TlsFacts): StsFacts | undefined {
  const { sts, now } = facts;
  if (sts?.kind !== "policy" || now < sts.expires) return sts;
  return {
    kind: "none",
    why: `the MTA-STS policy of ${policyDomain(facts)} ended at ${new Date(sts.expires).toISOString()}`,
  };
}

/**
 * Whether DANE alone speaks for the host. Where the MX answer is not signed, TLSA records prove the host and not that it
 * is the destination's, so MTA-STS and lists still have their say.
 */
export function daneRules(facts: TlsFacts): boolean {
  // RFC 8461 §2
  const dane = daneNow(facts);
  return dane?.kind === "usable" && !isUnsigned(dane, facts) && binds(facts, "dane");
}

/** Whether the destination's own word replaces a list entry about it; an enforced policy that is only audited does not. */
export function stsReplacesList(facts: TlsFacts): boolean {
  const sts = stsNow(facts);
  return sts?.kind === "policy" && (sts.mode !== "enforce" || binds(facts, "sts"));
}
