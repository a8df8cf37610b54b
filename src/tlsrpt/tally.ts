/**
 * From one session to what a TLS report counts (RFC 8460 §4). Every policy that a destination publishes is counted by
 * itself: one session may succeed under DANE and fail under MTA-STS. Where nothing is published the session counts as one
 * without a policy. What ended for reasons that are not TLS is not counted at all.
 */
import type { Instant } from "../base/mod.ts";
import { parseIpv4 } from "../mail/mod.ts";
import { type Finding, matchesPattern, type StsFacts, type StsTrouble, type TlsResult } from "../policy/mod.ts";
import { tallyKey } from "./key.ts";
import { stsPolicy, tlsaPolicy } from "./reported.ts";
import type { ReportedPolicy, SessionRecord, TallyRecord } from "./types.ts";

/** One entry for a store that counts them. */
export interface Tally {
  /** UTC, YYYY-MM-DD. */
  readonly day: string;
  readonly key: string;
}

/** The entries of one session. */
export function tallySession(session: SessionRecord, now: Instant): readonly Tally[] {
  return sessionRecords(session).map((record) => ({ day: dayOf(now), key: tallyKey(record) }));
}

/** The entry of a discovery of MTA-STS that went wrong; counted once per look, not per host (RFC 8460 §4.3.2.2). */
export function tallyDiscovery(destination: string, sts: StsFacts | undefined, now: Instant): readonly Tally[] {
  const trouble = sts?.kind === "policy" || sts?.kind === "failed" ? sts.trouble : undefined;
  const result = trouble === undefined ? undefined : DISCOVERY[trouble.at];
  // RFC 8461 §6: trouble with the policy host of a policy of mode none is of no interest.
  if (!isPolicyDomain(destination) || result === undefined || (sts?.kind === "policy" && sts.mode === "none"))
    return [];
  const policy = stsPolicy(destination, sts) ?? { type: "sts", strings: [], domain: destination, mx: [] };
  return [{ day: dayOf(now), key: tallyKey({ policy, result }) }];
}

/** The UTC day of an instant, YYYY-MM-DD (RFC 8460 §4.1). */
export function dayOf(now: Instant): string {
  return new Date(now).toISOString().slice(0, 10);
}

export function sessionRecords(session: SessionRecord): readonly TallyRecord[] {
  const { destination, dane, sts } = session;
  if (!isPolicyDomain(destination)) return [];
  const tlsa = tlsaPolicy(destination, dane);
  const own = stsPolicy(destination, sts);
  const results: (readonly [ReportedPolicy, Outcome | undefined])[] = [];
  if (tlsa !== undefined) results.push([tlsa, daneOutcome(session)]);
  if (own !== undefined) results.push([own, stsOutcome(session)]);
  if (results.length === 0) results.push([nothingFound(destination), opportunisticOutcome(session)]);
  return results.flatMap(([policy, outcome]) => (outcome === undefined ? [] : [recordOf(policy, outcome, session)]));
}

interface Outcome {
  readonly result: TallyRecord["result"];
  readonly reason?: string;
}

function daneOutcome(session: SessionRecord): Outcome | undefined {
  // Secure TLSA records, or their absence, could not be had for a host in a signed zone.
  if (session.dane?.kind === "failed") return { result: "dnssec-invalid", reason: session.dane.cause };
  return publishedOutcome(session, "dane");
}

function stsOutcome(session: SessionRecord): Outcome | undefined {
  const { sts, host, reached, failure } = session;
  const named = sts?.kind === "policy" && sts.mx.some((pattern) => matchesPattern(pattern, host));
  // Plaintext after rungs that failed was told of by them.
  const counted = failure !== undefined || reached === "tls" || reached === "refused";
  // RFC 8461 §4.1: a host that the policy does not name never got as far as its certificate.
  if (!named && counted) return { result: "certificate-host-mismatch" };
  return reached === "refused" ? undefined : publishedOutcome(session, "mta-sts");
}

function publishedOutcome(session: SessionRecord, source: "dane" | "mta-sts"): Outcome | undefined {
  const findings = session.findings.filter((one) => one.policy.source === source && !ofDiscovery(one));
  const fault = findings.find((one) => !one.ok);
  if (fault !== undefined) return failureOf(session, fault);
  if (findings.length > 0 && session.reached !== "plaintext") return SUCCESS;
  return unverifiedOutcome(session);
}

/** Nobody asked what the host proved: it is enough that there was TLS. */
function opportunisticOutcome(session: SessionRecord): Outcome | undefined {
  return session.reached === "tls" ? SUCCESS : unverifiedOutcome(session);
}

/** Told of by `tallyDiscovery`, for it is no session's. */
function ofDiscovery({ policy, result }: Finding): boolean {
  return policy.source === "mta-sts" && result !== undefined && DISCOVERED.has(result);
}

/** An address publishes nothing and can be sent no report. */
function isPolicyDomain(destination: string): boolean {
  return (
    destination !== "" &&
    !destination.startsWith("[") &&
    parseIpv4(destination) === undefined &&
    !destination.includes(":")
  );
}

function unverifiedOutcome({ failure }: SessionRecord): Outcome | undefined {
  return failure;
}

function failureOf({ failure, reached }: SessionRecord, fault: Finding): Outcome | undefined {
  // Plaintext for want of an offer is told of here; after a rung that failed, by that rung.
  if (reached === "plaintext") return failure;
  const result = fault.result ?? failure?.result ?? "validation-failure";
  return failure?.result === result ? failure : { result };
}

function recordOf(policy: ReportedPolicy, outcome: Outcome, session: SessionRecord): TallyRecord {
  if (outcome.result === "success") return { policy, result: "success" };
  const { host, address, from } = session;
  return {
    policy,
    result: outcome.result,
    host,
    ...(address === undefined ? {} : { ip: address }),
    ...(from === undefined ? {} : { from }),
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason.slice(0, LONGEST_REASON) }),
  };
}

function nothingFound(destination: string): ReportedPolicy {
  return { type: "no-policy-found", strings: [], domain: destination, mx: [] };
}

const SUCCESS: Outcome = { result: "success" };
const LONGEST_REASON = 200;
/** RFC 8460 §4.3.2.2; a look-up that failed in DNS is no failure of the policy host. */
const DISCOVERY: { readonly [at in StsTrouble["at"]]: TlsResult | undefined } = {
  dns: undefined,
  "dns-bogus": "dnssec-invalid",
  fetch: "sts-policy-fetch-error",
  webpki: "sts-webpki-invalid",
  invalid: "sts-policy-invalid",
};
const DISCOVERED: ReadonlySet<TlsResult | undefined> = new Set(Object.values(DISCOVERY));
