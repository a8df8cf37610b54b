import type { Instant } from "../base/mod.ts";
import type { Because, TlsDemand } from "../mail/mod.ts";
import type { Level } from "./level.ts";
import type { PolicyRef, TlsFacts } from "./types.ts";

/** What one source asks for, with its reasons. */
export interface Wish {
  readonly policy: PolicyRef;
  readonly level: Level;
  readonly because: readonly Because[];
}

/**
 * The wishes that stand after precedence. These are the only ways in which one source lowers another:
 *
 * | who | lowers | never lowers |
 * |---|---|---|
 * | a local override, until its time | what a destination publishes | what a message asks for, other local floors |
 * | `TLS-Required: No`, unless REQUIRETLS was given | what a destination publishes | a local floor |
 */
export function standing(wishes: readonly Wish[], facts: TlsFacts, demand: TlsDemand): readonly Wish[] {
  // RFC 8689 §4.1: REQUIRETLS beats the header field.
  const waived = demand.tlsOptional === true && !demand.propagate;
  const overridden = overrideInForce(facts) !== undefined;
  return wishes.filter((wish) => !(PUBLISHED.has(wish.policy.source) && (waived || overridden)));
}

/** The end of the local override in force now, if there is one. */
export function overrideInForce(facts: TlsFacts): Instant | undefined {
  const until = facts.local?.override?.until;
  return until !== undefined && facts.now < until ? until : undefined;
}

/** Sources that speak for the destination. */
const PUBLISHED: ReadonlySet<Because["source"]> = new Set(["dane", "mta-sts", "list"]);
