/**
 * The discovery of an MTA-STS policy (RFC 8461 §3.3, §5.1, §10.2) as a walk that asks and never acts: what is stored, the
 * TXT record and the policy file come in; what is known, what to store and what a postmaster should hear come out.
 *
 * | TXT | file | stored and live | then |
 * |---|---|---|---|
 * | absent or bad | - | no | none |
 * | absent or bad | - | yes | the stored policy |
 * | look-up failed | - | no | failed |
 * | look-up failed | - | yes | the stored policy |
 * | same id | not asked for a delivery | yes | the stored policy |
 * | other id | good | any | the new policy, stored |
 * | other id | bad | yes | the stored policy, with the trouble |
 * | any id | bad | no | failed |
 */
import { err, type Instant, type Millis, ok, type Result } from "../../base/mod.ts";
import type { Answer, DnsName } from "../../dns/mod.ts";
import type { Domain } from "../../mail/mod.ts";
import type { StsFacts, StsTrouble } from "../types.ts";
import { parseStsPolicy, type StsPolicy } from "./sts-policy.ts";
import { selectStsRecord } from "./sts-record.ts";
import { newsOfFailure, newsOfPolicy, type StsNews } from "./sts-news.ts";

export type StsAsk =
  /** The TXT records at a name; `noCache` when a stored answer will not do. */
  | { readonly kind: "txt"; readonly name: DnsName; readonly noCache: boolean }
  /** The text of the policy file of a domain, over HTTPS (RFC 8461 §3.3). */
  | { readonly kind: "fetch"; readonly domain: Domain };
/** The answer to the newest question. */
export type StsReply =
  | { readonly kind: "txt"; readonly answer: Answer<string> }
  | { readonly kind: "fetch"; readonly result: Result<string, StsTrouble> };

/** What is remembered of one domain. Of the policy `id`, `text` and `fetchedAt` must outlive a restart; see `restorePolicy`. */
export interface StsMemory {
  readonly policy?: KnownPolicy;
  readonly failure?: StsFailure;
}
export interface KnownPolicy extends StsPolicy {
  readonly id: string;
  readonly text: string;
  readonly fetchedAt: Instant;
  readonly expires: Instant;
  /** When to look for a new one, whatever the TXT record says (RFC 8461 §10.2). */
  readonly refreshAt: Instant;
}
/** The newest failed fetch, and the id it was for. */
export interface StsFailure {
  readonly id: string;
  readonly at: Instant;
  readonly trouble: StsTrouble;
  /** In a row. */
  readonly count: number;
}

export interface StsOptions {
  readonly now: Instant;
  readonly stored?: StsMemory;
  /** `refresh`: in good time before it ends; `before-failure`: a message is about to be returned (RFC 8461 §5.1). Default: delivery. */
  readonly why?: "delivery" | "refresh" | "before-failure";
}

export interface StsFound {
  readonly facts: StsFacts;
  /** What the cache is to hold from now on; absent: what it holds. */
  readonly store?: StsMemory;
  /** For the log. */
  readonly news: readonly StsNews[];
}

/** Yields questions and returns what is known of the policy of `domain`, an A-label name in lower case. */
export function* stsDiscovery(domain: Domain, options: StsOptions): Generator<StsAsk, StsFound, StsReply> {
  const { now, stored, why = "delivery" } = options;
  const live = livePolicy(stored, now);
  const record = recordOf(yield* askTxt(`_mta-sts.${domain}`, why !== "delivery"));
  // RFC 8461 §10.2: in good time a policy is looked for whatever the record says.
  const id = record.id ?? (why === "refresh" ? live?.id : undefined);
  if (id === undefined) return { facts: live === undefined ? record.without : factsOf(live, now), news: [] };
  if (live !== undefined && goodEnough(live, { id, now, why })) return { facts: factsOf(live, now), news: [] };
  const recent = stored?.failure;
  if (recent !== undefined && recent.id === id && now - recent.at < HOLD_OFF) {
    return { facts: troubled(live, recent.trouble, now), news: [] };
  }
  const fetched = yield* askPolicy(domain);
  if (!fetched.ok) {
    const failure = { id, at: now, trouble: fetched.error, count: (recent?.count ?? 0) + 1 };
    const store = live === undefined ? { failure } : { policy: live, failure };
    return { facts: troubled(live, fetched.error, now), store, news: newsOfFailure(domain, live, failure) };
  }
  const policy = knownPolicy(fetched.value, { id, now, live });
  // RFC 8461 §3.2: a policy without a lifetime serves one delivery.
  const store = policy.maxAge > 0 ? { policy } : {};
  return { facts: factsOf(policy, now), store, news: newsOfPolicy(domain, live, policy) };
}

/** The policy from what was kept of it; undefined when the text is none any more. */
export function restorePolicy(kept: Pick<KnownPolicy, "id" | "text" | "fetchedAt">): KnownPolicy | undefined {
  const parsed = parseStsPolicy(kept.text);
  return parsed.ok ? timed(parsed.value, kept) : undefined;
}

/** When the policy of a domain is to be looked at again; undefined when none is stored. */
export function refreshDue({ policy, failure }: StsMemory): Instant | undefined {
  if (policy === undefined) return undefined;
  if (failure === undefined) return policy.refreshAt;
  const wait = Math.min(HOLD_OFF * 2 ** Math.min(failure.count - 1, MOST_DOUBLINGS), LONGEST_WAIT);
  return Math.max(policy.refreshAt, failure.at + wait);
}

/** What is stored and has not run out. */
export function livePolicy(stored: StsMemory | undefined, now: Instant): KnownPolicy | undefined {
  return stored?.policy !== undefined && now < stored.policy.expires ? stored.policy : undefined;
}

function* askTxt(name: DnsName, noCache: boolean): Generator<StsAsk, Answer<string>, StsReply> {
  const reply = yield { kind: "txt", name, noCache };
  if (reply.kind !== "txt") throw new Error("The answer is not to the question for TXT records");
  return reply.answer;
}

function* askPolicy(domain: Domain): Generator<StsAsk, Result<Fetched, StsTrouble>, StsReply> {
  const reply = yield { kind: "fetch", domain };
  if (reply.kind !== "fetch") throw new Error("The answer is not to the question for a policy");
  if (!reply.result.ok) return reply.result;
  const text = reply.result.value;
  const parsed = parseStsPolicy(text);
  return parsed.ok ? ok({ policy: parsed.value, text }) : err({ at: "invalid", detail: parsed.error });
}

interface Fetched {
  readonly policy: StsPolicy;
  readonly text: string;
}

/** The id that is announced, and what is known where nothing is stored and none is. */
function recordOf(answer: Answer<string>): { readonly id?: string; readonly without: StsFacts } {
  if (answer.kind === "failure") {
    const at = answer.cause === "bogus" ? "dns-bogus" : "dns";
    return { without: { kind: "failed", trouble: { at, detail: answer.detail } } };
  }
  const none = { kind: "none", why: "no MTA-STS record is published" } as const;
  if (answer.kind !== "data") return { without: none };
  const record = selectStsRecord(answer.records);
  return record.ok ? { id: record.value.id, without: none } : { without: { ...none, why: record.error } };
}

function goodEnough(
  live: KnownPolicy,
  { id, now, why }: { readonly id: string; readonly now: Instant; readonly why: StsOptions["why"] },
): boolean {
  if (live.id !== id) return false;
  const age = now - live.fetchedAt;
  return why === "delivery" || (why === "before-failure" && age >= 0 && age < HOLD_OFF);
}

function knownPolicy(
  { policy, text }: Fetched,
  { id, now, live }: { readonly id: string; readonly now: Instant; readonly live: KnownPolicy | undefined },
): KnownPolicy {
  const known = timed(policy, { id, text, fetchedAt: now });
  // RFC 8461 §8.1: a new id with the old text may be ahead of the text.
  const ahead = live !== undefined && live.id !== id && live.text === text;
  return ahead ? { ...known, refreshAt: Math.min(known.refreshAt, now + LONGEST_WAIT) } : known;
}

function timed(policy: StsPolicy, kept: Pick<KnownPolicy, "id" | "text" | "fetchedAt">): KnownPolicy {
  const { id, text, fetchedAt } = kept;
  const refreshAt = fetchedAt + Math.min(REFRESH_EVERY, policy.maxAge / 2);
  return { ...policy, id, text, fetchedAt, expires: fetchedAt + policy.maxAge, refreshAt };
}

function troubled(live: KnownPolicy | undefined, trouble: StsTrouble, now: Instant): StsFacts {
  if (live === undefined) return { kind: "failed", trouble };
  const facts = factsOf(live, now);
  // RFC 8461 §3.3: nobody is told of trouble with a policy that asks for nothing.
  return live.mode === "none" ? facts : { ...facts, trouble };
}

function factsOf(policy: KnownPolicy, now: Instant): StsFacts & { readonly kind: "policy" } {
  const { mode, mx, id, lines } = policy;
  return { kind: "policy", mode, mx, id, lines, expires: Math.max(policy.expires, now + ONE_DELIVERY) };
}

/** RFC 8461 §3.3: no new try sooner. */
const HOLD_OFF: Millis = 300_000;
const MOST_DOUBLINGS = 8;
/** An hour. */
const LONGEST_WAIT: Millis = 3_600_000;
/** RFC 8461 §3.3: daily. */
const REFRESH_EVERY: Millis = 86_400_000;
/** What was live when it was asked for holds for the delivery that asked: 10 minutes. */
const ONE_DELIVERY: Millis = 600_000;
