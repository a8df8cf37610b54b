import { type Domain, parseDomain } from "../mail/mod.ts";
import { matchesPattern, namePattern } from "./pattern.ts";
import { stsNow } from "./precedence.ts";
import type { MxAuthenticity, NamePattern, NextHost, TlsFacts } from "./types.ts";

/** What vouches for the name of the host. */
export function mxAuthenticity(facts: TlsFacts): MxAuthenticity {
  const { host } = facts;
  if (host.learnt !== "mx") return "own";
  if (host.mxSecurity === "secure") return "dnssec";
  if (agreedNames(facts).length > 0 && isAgreed(facts)) return "local";
  return namedBySts(facts) ? "sts" : "none";
}

/** The lists of MX names that local entries give; a fixed next hop has none to choose from. */
export function agreedNames(facts: TlsFacts): readonly (readonly NamePattern[])[] {
  if (facts.host.learnt === "configured") return [];
  const entries = facts.local === undefined ? (facts.also ?? []) : [facts.local, ...(facts.also ?? [])];
  return entries.flatMap((entry) => (entry.mx === undefined ? [] : [entry.mx]));
}

/** Whether the host is in every list of agreed names. */
export function isAgreed(facts: TlsFacts): boolean {
  return agreedNames(facts).every((patterns) => matchesOne(patterns, facts.host));
}

/** Whether an MTA-STS policy names the host; one that does not ask to be enforced validates nothing (RFC 8461 §4.1). */
export function namedBySts(facts: TlsFacts): boolean {
  const sts = stsNow(facts);
  return sts?.kind === "policy" && sts.mode === "enforce" && matchesOne(sts.mx, facts.host);
}

/** Whether a policy's patterns name the host (RFC 8461 §4.1); an address has no name. */
export function matchesOne(patterns: readonly NamePattern[], host: NextHost): boolean {
  return !host.literal && patterns.some((pattern) => matchesPattern(pattern, host.name));
}

/** The host's name as a reference identifier, or undefined when no certificate can carry it. */
export function hostName(host: NextHost): Domain | undefined {
  const name = host.literal ? undefined : parseDomain(host.name, { trailingDot: true });
  return name?.ok === true ? name.value : undefined;
}

/** What a certificate of the host must be for. Without MX records that is the destination; an alias of it is DNS's choice. */
export function referenceNames(facts: TlsFacts, host: Domain): readonly NamePattern[] {
  const own = facts.host.learnt === "implicit-mx" ? parseDomain(facts.destination) : undefined;
  if (own?.ok !== true || own.value === host) return [namePattern(host)];
  return facts.host.mxSecurity === "secure" ? [namePattern(own.value), namePattern(host)] : [namePattern(own.value)];
}
