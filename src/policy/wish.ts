import type { Instant } from "../base/mod.ts";
import type { Because, TlsDemand } from "../mail/mod.ts";
import type { Status } from "../status/mod.ts";
import type { Level } from "./level.ts";
import type { Finding, PolicyRef, TlsFacts, TlsFloor, TlsResult } from "./types.ts";

/** What one source asks of one host, with its reasons. */
export interface Wish {
  readonly policy: PolicyRef;
  readonly level: Level;
  readonly expectation: TlsFloor | Impossible;
  /** To be verified and reported only, as the policy itself or the operator says. */
  readonly observed?: boolean;
  readonly because: readonly Because[];
}

/** Why what is asked for cannot be had of this host, or of any of the destination. */
export interface Impossible {
  readonly kind: "skip-host" | "defer";
  readonly status: Status;
  readonly why: Because;
  readonly result: TlsResult;
}

/** All that a source has to say: what it asks for, and what it found out already. */
export interface Said {
  readonly wishes: readonly Wish[];
  readonly known: readonly Finding[];
  /** What it has to say when it asks for nothing. */
  readonly remarks: readonly Because[];
}

export interface Standing {
  readonly enforced: readonly Wish[];
  readonly observed: readonly Wish[];
}

/**
 * The wishes that bind after precedence; the others are still observed. This and the two rules below are the only ways
 * in which one source lowers another:
 *
 * | who | lowers | never lowers |
 * |---|---|---|
 * | a local override, until its time | what a destination publishes | what a message asks for, other local floors |
 * | `TLS-Required: No`, unless REQUIRETLS was given (RFC 8689 §4.1) | what a destination publishes | a local floor |
 * | usable TLSA records of a signed MX, enforced (RFC 8461 §2) | MTA-STS, a list entry (`precedence.ts`) | all others |
 * | a live MTA-STS policy, not one that is audited (`precedence.ts`) | a list entry | all others |
 */
export function standing(wishes: readonly Wish[], facts: TlsFacts, demand: TlsDemand): Standing {
  // RFC 8689 §4.1: REQUIRETLS beats the header field.
  const waived = demand.tlsOptional === true && !demand.propagate;
  const lowered = waived || overrideInForce(facts) !== undefined;
  const enforced: Wish[] = [];
  const observed: Wish[] = [];
  for (const wish of wishes) {
    const aside = wish.observed === true || (lowered && PUBLISHED.has(wish.policy.source));
    (aside ? observed : enforced).push(wish);
  }
  return { enforced, observed };
}

/** The end of the local override in force now, if there is one. */
export function overrideInForce(facts: TlsFacts): Instant | undefined {
  const until = facts.local?.override?.until;
  return until !== undefined && facts.now < until ? until : undefined;
}

export function isImpossible(expectation: TlsFloor | Impossible): expectation is Impossible {
  return expectation.kind === "skip-host" || expectation.kind === "defer";
}

/** Sources that speak for the destination. */
const PUBLISHED: ReadonlySet<Because["source"]> = new Set(["dane", "mta-sts", "list"]);
